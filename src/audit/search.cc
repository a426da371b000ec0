#include "audit/search.h"

#include <algorithm>
#include <chrono>
#include <iterator>
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

Result<Record> read_at(const std::filesystem::path& directory, const std::string& segment,
                       uint64_t offset) {
  SLUICE_ASSIGN(auto reader, SegmentReader::open(directory / segment, offset));
  Frame frame;
  if (reader.next(frame) != SegmentReader::Status::kFrame) {
    return fail(ErrorCode::kIo,
                "the audit log is damaged: " + segment + " at byte " + std::to_string(offset));
  }
  SLUICE_ASSIGN(auto record, decode_record(frame.payload));
  record.sequence = frame.sequence;
  return record;
}

/// What is in the log but not yet in the index.
Result<std::vector<LogFollower::Item>> unindexed(const std::filesystem::path& audit, Index& index) {
  SLUICE_ASSIGN(auto cursor, index.cursor());
  LogFollower follower(log_directory(audit), std::move(cursor));
  std::vector<LogFollower::Item> all;
  for (;;) {
    SLUICE_ASSIGN(auto items, follower.read(10'000));
    if (items.empty()) return all;
    std::move(items.begin(), items.end(), std::back_inserter(all));
  }
}

}  // namespace

bool matches(const Query& query, const Record& record) {
  const auto any_table = [&] {
    return std::any_of(record.tables.begin(), record.tables.end(), [&](const std::string& table) {
      return table == query.table || table.ends_with("." + query.table);
    });
  };
  return (query.user.empty() || record.context.user == query.user) &&
         (query.database.empty() || record.context.database == query.database) &&
         (query.table.empty() || any_table()) && begins(record.kind, query.kind) &&
         contains(record.text, query.text) &&
         (query.outcome.empty() ||
          (record.type == EventType::kStatement && name_of(record.outcome) == query.outcome)) &&
         (query.type.empty() || name_of(record.type) == query.type) &&
         (query.session == 0 || record.context.session_id == query.session) &&
         record.time_micros >= query.since_micros &&
         (query.until_micros == 0 || record.time_micros <= query.until_micros);
}

Result<std::vector<Record>> search(const std::filesystem::path& audit, const Query& query) {
  SLUICE_ASSIGN(auto index, Index::open(audit));
  // First what is newest: behind the index. Read before the index is, so that nothing that moves
  // over meanwhile is missed; what is seen twice is dropped below.
  SLUICE_ASSIGN(auto fresh, unindexed(audit, index));
  std::vector<Record> found;
  for (auto& item : fresh) {
    if (matches(query, item.record)) found.push_back(std::move(item.record));
  }
  SLUICE_ASSIGN(auto rows, index.database().prepare(
                               "SELECT segment, position FROM records r WHERE time_micros >= ?1"
                               " AND (?2 = 0 OR time_micros <= ?2) AND (?3 = '' OR user = ?3)"
                               " AND (?4 = '' OR database = ?4) AND (?5 = 0 OR session = ?5)"
                               " AND (?6 = '' OR tables LIKE '%' || ?6 || ' %')"
                               " AND (?7 = '' OR kind LIKE ?7 || '%')"
                               " AND (?8 = '' OR text IN (SELECT id FROM texts t WHERE "
                               "instr(lower(t.text), lower(?8)) > 0))"
                               " ORDER BY sequence DESC"));
  rows.bind(1, query.since_micros)
      .bind(2, query.until_micros)
      .bind(3, query.user)
      .bind(4, query.database)
      .bind(5, static_cast<int64_t>(query.session))
      .bind(6, query.table)
      .bind(7, query.kind)
      .bind(8, query.text);
  size_t from_index = 0;
  for (;;) {
    SLUICE_ASSIGN(const bool row, rows.step());
    if (!row || from_index >= query.limit) break;
    SLUICE_ASSIGN(auto record, read_at(log_directory(audit), rows.text(0),
                                       static_cast<uint64_t>(rows.integer(1))));
    if (!matches(query, record)) continue;
    found.push_back(std::move(record));
    ++from_index;
  }
  std::sort(found.begin(), found.end(),
            [](const Record& a, const Record& b) { return a.sequence < b.sequence; });
  found.erase(
      std::unique(found.begin(), found.end(),
                  [](const Record& a, const Record& b) { return a.sequence == b.sequence; }),
      found.end());
  if (found.size() > query.limit) {
    found.erase(found.begin(), found.end() - static_cast<ptrdiff_t>(query.limit));
  }
  return found;
}

Result<Record> show(const std::filesystem::path& audit, uint64_t sequence) {
  SLUICE_ASSIGN(auto index, Index::open(audit));
  SLUICE_ASSIGN(auto fresh, unindexed(audit, index));
  for (auto& item : fresh) {
    if (item.record.sequence == sequence) return std::move(item.record);
  }
  SLUICE_ASSIGN(auto query, index.database().prepare(
                                "SELECT segment, position FROM records WHERE sequence = ?"));
  SLUICE_ASSIGN(const bool row, query.bind(1, static_cast<int64_t>(sequence)).step());
  if (!row) {
    return fail(ErrorCode::kNotFound, "there is no record " + std::to_string(sequence));
  }
  return read_at(log_directory(audit), query.text(0), static_cast<uint64_t>(query.integer(1)));
}

Result<> tail(const std::filesystem::path& audit, const Query& query,
              const std::function<bool(const Record&)>& each, const std::function<bool()>& stop) {
  // Begins at the end: what is there already is skipped.
  Cursor cursor;
  SLUICE_ASSIGN(const auto files, list_segments(log_directory(audit)));
  for (const auto& file : files) {
    SLUICE_ASSIGN(auto reader, SegmentReader::open(file));
    Frame frame;
    while (reader.next(frame) == SegmentReader::Status::kFrame) {
    }
    cursor[file.filename()] = reader.offset();
  }
  LogFollower follower(log_directory(audit), std::move(cursor));
  while (!stop()) {
    SLUICE_ASSIGN(const auto items, follower.read(1000));
    for (const auto& item : items) {
      if (matches(query, item.record) && !each(item.record)) return {};
    }
    if (items.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return {};
}

}  // namespace sluice::audit
