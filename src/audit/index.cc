#include "audit/index.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace sluice::audit {

Result<std::vector<LogFollower::Item>> LogFollower::read(size_t limit) {
  std::vector<Item> items;
  SLUICE_ASSIGN(const auto files, list_segments(directory_));
  for (const auto& file : files) {
    const std::string name = file.filename();
    if (damaged_[name]) continue;
    auto open = open_.find(name);
    if (open == open_.end()) {
      const auto known = cursor_.find(name);
      const uint64_t offset = known == cursor_.end() ? kSegmentHeader : known->second;
      // A complete segment that has been read to its end needs no open file.
      const auto header = read_segment_header(file);
      std::error_code error;
      if (header && header->last_sequence != 0 && offset >= std::filesystem::file_size(file, error))
        continue;
      auto reader = SegmentReader::open(file, offset);
      if (!reader) continue;  // Being created, or no segment at all.
      open = open_.emplace(name, std::move(*reader)).first;
    }
    Frame frame;
    auto status = SegmentReader::Status::kFrame;
    while (items.size() < limit &&
           (status = open->second.next(frame)) == SegmentReader::Status::kFrame) {
      auto record = decode_record(frame.payload);
      if (!record) {
        damage_.push_back(name + ": " + std::to_string(frame.offset) + ": " + record.error().text);
        continue;
      }
      record->sequence = frame.sequence;
      items.push_back({std::move(*record), name, frame.offset});
    }
    cursor_[name] = open->second.offset();
    if (status == SegmentReader::Status::kCorrupt) {
      damaged_[name] = true;
      damage_.push_back(name + ": damaged at byte " + std::to_string(open->second.offset()));
    }
    if (status != SegmentReader::Status::kFrame) {
      const auto header = read_segment_header(file);
      if (header && header->last_sequence != 0) open_.erase(name);
    }
  }
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return a.record.sequence < b.record.sequence; });
  return items;
}

Result<Index> Index::open(const std::filesystem::path& audit_directory) {
  SLUICE_ASSIGN(auto database, store::Database::open(audit_directory / "index.db"));
  // Lost on power failure, it is made again.
  SLUICE_TRY(database.execute("PRAGMA synchronous = OFF"));
  SLUICE_TRY(database.migrate({
      R"(CREATE TABLE texts (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, text TEXT NOT NULL) STRICT;
         CREATE TABLE records (
           sequence INTEGER PRIMARY KEY,
           time_micros INTEGER NOT NULL,
           type INTEGER NOT NULL,
           outcome INTEGER NOT NULL,
           session INTEGER NOT NULL,
           user TEXT NOT NULL,
           database TEXT NOT NULL,
           kind TEXT NOT NULL,
           tables TEXT NOT NULL,     -- " a b.c ": found with LIKE '% b.c %'
           rule TEXT NOT NULL,
           text INTEGER REFERENCES texts (id),
           segment TEXT NOT NULL,
           position INTEGER NOT NULL
         ) STRICT;
         CREATE INDEX records_by_time ON records (time_micros);
         CREATE TABLE cursor (segment TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;)",
  }));
  return Index(std::move(database));
}

Result<Cursor> Index::cursor() {
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT segment, position FROM cursor"));
  Cursor cursor;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return cursor;
    cursor[query.text(0)] = static_cast<uint64_t>(query.integer(1));
  }
}

Result<int64_t> Index::text_id(const Record& record) {
  const std::string& digest = record.text_digest.empty() ? record.text : record.text_digest;
  SLUICE_ASSIGN(auto find, database_.prepare("SELECT id FROM texts WHERE digest = ?"));
  SLUICE_ASSIGN(const bool known, find.bind_blob(1, digest).step());
  if (known) return find.integer(0);
  SLUICE_ASSIGN(auto insert, database_.prepare("INSERT INTO texts (digest, text) VALUES (?, ?)"));
  SLUICE_TRY(insert.bind_blob(1, digest).bind(2, to_printable_utf8(record.text)).run());
  return database_.last_insert_id();
}

Result<> Index::add(const std::vector<LogFollower::Item>& items, const Cursor& cursor) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto insert, database_.prepare("INSERT OR REPLACE INTO records VALUES "
                                               "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  std::unordered_map<std::string, int64_t> texts;
  for (const auto& item : items) {
    const Record& record = item.record;
    std::string tables;
    for (const auto& table : record.tables) tables += (tables.empty() ? " " : "") + table + " ";
    insert.bind(1, static_cast<int64_t>(record.sequence))
        .bind(2, record.time_micros)
        .bind(3, static_cast<int64_t>(record.type))
        .bind(4, static_cast<int64_t>(record.outcome))
        .bind(5, static_cast<int64_t>(record.context.session_id))
        .bind(6, record.context.user)
        .bind(7, record.context.database)
        .bind(8, record.kind)
        .bind(9, tables)
        .bind(10, record.rule);
    if (record.text.empty()) {
      insert.bind_null(11);
    } else {
      auto known = texts.find(record.text_digest);
      if (known == texts.end()) {
        SLUICE_ASSIGN(const int64_t id, text_id(record));
        known = texts.emplace(record.text_digest, id).first;
      }
      insert.bind(11, known->second);
    }
    insert.bind(12, item.segment).bind(13, static_cast<int64_t>(item.offset));
    SLUICE_TRY(insert.run());
  }
  SLUICE_ASSIGN(auto place,
                database_.prepare("INSERT INTO cursor VALUES (?, ?) ON CONFLICT "
                                  "(segment) DO UPDATE SET position = excluded.position"));
  for (const auto& [segment, offset] : cursor) {
    SLUICE_TRY(place.bind(1, segment).bind(2, static_cast<int64_t>(offset)).run());
  }
  return transaction.commit();
}

}  // namespace sluice::audit
