#include "audit/search.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <thread>

#include "audit/index.h"

namespace sluice::audit {
namespace {

std::filesystem::path log_directory(const std::filesystem::path& audit) { return audit / "log"; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool contains(std::string_view text, std::string_view part) {
  return part.empty() ||
         std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool begins(std::string_view text, std::string_view part) {
  return text.size() >= part.size() &&
         std::equal(part.begin(), part.end(), text.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

/// The newest records found so far, at most so many.
class Newest {
 public:
  explicit Newest(size_t limit) : limit_(limit) {}

  void add(const Frame& frame) {
    found_.insert_or_assign(frame.sequence, frame.payload);
    if (found_.size() > limit_) found_.erase(found_.begin());
  }
  /// Whether nothing up to this sequence can be among them any more.
  bool beyond(uint64_t sequence) const {
    return found_.size() >= limit_ && (found_.empty() || found_.begin()->first > sequence);
  }
  Result<std::vector<Record>> take() const {
    std::vector<Record> records;
    for (const auto& [sequence, payload] : found_) {
      SLUICE_ASSIGN(auto record, decode_record(sequence, payload));
      records.push_back(std::move(record));
    }
    return records;
  }

 private:
  size_t limit_;
  std::map<uint64_t, std::string> found_;
};

using EachFrame = std::function<void(const Frame&)>;

/// What is in the log but not yet in the index.
Result<> read_unindexed(const std::filesystem::path& audit, Index& index, const EachFrame& each) {
  SLUICE_ASSIGN(auto cursor, index.cursor());
  LogFollower follower(log_directory(audit), std::move(cursor));
  for (;;) {
    SLUICE_ASSIGN(const size_t count,
                  follower.read(SIZE_MAX, [&](const auto&, const Frame& frame) { each(frame); }));
    if (count == 0) return {};
  }
}

Result<> read_chunk(const std::filesystem::path& audit, const std::string& segment, uint64_t begin,
                    uint64_t end, const EachFrame& each) {
  SLUICE_ASSIGN(auto reader, SegmentReader::open(log_directory(audit) / segment, begin));
  Frame frame;
  while (reader.offset() < end) {
    if (reader.next(frame) != SegmentReader::Status::kFrame) {
      return fail(ErrorCode::kIo, "the audit log is damaged: " + segment + " at byte " +
                                      std::to_string(reader.offset()));
    }
    each(frame);
  }
  return {};
}

/// Which chunks may hold something, by what all records of a group have in common; the newest
/// first.
constexpr std::string_view kChunksThatMatch =
    "SELECT segment, position, end, last_sequence FROM chunks c"
    " WHERE last_time >= ?1 AND (?2 = 0 OR first_time <= ?2) AND EXISTS"
    " (SELECT 1 FROM groups g WHERE g.chunk = c.id"
    " AND (?3 = '' OR user = ?3) AND (?4 = '' OR database = ?4) AND (?5 = 0 OR session = ?5)"
    " AND (?6 = '' OR instr(tables, ' ' || ?6 || ' ') OR instr(tables, '.' || ?6 || ' '))"
    " AND (?7 = '' OR lower(substr(kind, 1, length(?7))) = lower(?7)))"
    " ORDER BY last_sequence DESC";

}  // namespace

bool matches(const Query& query, const RecordView& record) {
  const auto any_table = [&] {
    bool found = false;
    record.tables.for_each([&](Bytes table) {
      found = found || table == query.table || table.ends_with("." + query.table);
    });
    return found;
  };
  return (query.user.empty() || record.user == query.user) &&
         (query.database.empty() || record.database == query.database) &&
         (query.table.empty() || any_table()) && begins(record.kind, query.kind) &&
         contains(record.text, query.text) &&
         (query.outcome.empty() ||
          (record.type == EventType::kStatement && name_of(record.outcome) == query.outcome)) &&
         (query.type.empty() || name_of(record.type) == query.type) &&
         (query.session == 0 || record.session_id == query.session) &&
         record.time_micros >= query.since_micros &&
         (query.until_micros == 0 || record.time_micros <= query.until_micros);
}

Result<std::vector<Record>> search(const std::filesystem::path& audit, const Query& query) {
  SLUICE_ASSIGN(auto index, Index::open(audit));
  Newest newest(query.limit);
  const auto consider = [&](const Frame& frame) {
    const auto record = read_record(frame.payload);
    if (record && matches(query, *record)) newest.add(frame);
  };
  // What is behind the index is read before the index is, so that nothing that moves over
  // meanwhile is missed.
  SLUICE_TRY(read_unindexed(audit, index, consider));
  SLUICE_ASSIGN(auto chunks, index.database().prepare(kChunksThatMatch));
  chunks.bind(1, query.since_micros)
      .bind(2, query.until_micros)
      .bind(3, query.user)
      .bind(4, query.database)
      .bind(5, static_cast<int64_t>(query.session))
      .bind(6, query.table)
      .bind(7, query.kind);
  for (;;) {
    SLUICE_ASSIGN(const bool row, chunks.step());
    if (!row || newest.beyond(static_cast<uint64_t>(chunks.integer(3)))) return newest.take();
    SLUICE_TRY(read_chunk(audit, chunks.text(0), static_cast<uint64_t>(chunks.integer(1)),
                          static_cast<uint64_t>(chunks.integer(2)), consider));
  }
}

Result<Record> show(const std::filesystem::path& audit, uint64_t sequence) {
  SLUICE_ASSIGN(auto index, Index::open(audit));
  std::optional<std::string> payload;
  const auto consider = [&](const Frame& frame) {
    if (frame.sequence == sequence) payload = frame.payload;
  };
  SLUICE_TRY(read_unindexed(audit, index, consider));
  SLUICE_ASSIGN(auto chunks,
                index.database().prepare("SELECT segment, position, end FROM chunks"
                                         " WHERE last_sequence >= ?1 AND first_sequence <= ?1"));
  chunks.bind(1, static_cast<int64_t>(sequence));
  while (!payload) {
    SLUICE_ASSIGN(const bool row, chunks.step());
    if (!row) {
      return fail(ErrorCode::kNotFound, "there is no record " + std::to_string(sequence));
    }
    SLUICE_TRY(read_chunk(audit, chunks.text(0), static_cast<uint64_t>(chunks.integer(1)),
                          static_cast<uint64_t>(chunks.integer(2)), consider));
  }
  return decode_record(sequence, *payload);
}

Result<> tail(const std::filesystem::path& audit, const Query& query,
              const std::function<bool(const Record&)>& each, const std::function<bool()>& stop) {
  // Begins at the end: what is there already is skipped.
  Cursor cursor;
  SLUICE_ASSIGN(const auto files, list_segments(log_directory(audit)));
  for (const auto& file : files) {
    auto reader = SegmentReader::open(file);
    if (!reader) continue;  // Just being made, so that all in it is new; or no segment at all.
    Frame frame;
    while (reader->next(frame) == SegmentReader::Status::kFrame) {
    }
    cursor[file.filename()] = reader->offset();
  }
  LogFollower follower(log_directory(audit), std::move(cursor));
  while (!stop()) {
    Newest fresh(SIZE_MAX);  // Puts the segments' records into one order.
    SLUICE_TRY(follower.read(1000, [&](const auto&, const Frame& frame) {
      const auto record = read_record(frame.payload);
      if (record && matches(query, *record)) fresh.add(frame);
    }));
    SLUICE_ASSIGN(const auto records, fresh.take());
    for (const Record& record : records) {
      if (!each(record)) return {};
    }
    if (records.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return {};
}

}  // namespace sluice::audit
