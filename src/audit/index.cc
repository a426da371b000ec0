#include "audit/index.h"

#include <algorithm>
#include <cstring>

namespace sluice::audit {
namespace {

/// Records in a chunk: few enough to be read in a moment, enough to make one cheap to keep.
constexpr size_t kChunkRecords = 4096;

/// What the records of a group have in common, in bytes that can be compared: fixed fields, then
/// user, database, kind and tables with their lengths in front.
struct GroupFixed {
  uint64_t session;
  uint32_t user;
  uint32_t database;
  uint32_t kind;
  uint32_t tables;
  EventType type;
  Outcome outcome;
  char unused[6];
};

void group_key(std::string& key, const RecordView& record) {
  GroupFixed fixed{};
  fixed.session = record.session_id;
  fixed.user = static_cast<uint32_t>(record.user.size());
  fixed.database = static_cast<uint32_t>(record.database.size());
  fixed.kind = static_cast<uint32_t>(record.kind.size());
  fixed.tables = static_cast<uint32_t>(record.tables.raw().size());
  fixed.type = record.type;
  fixed.outcome = record.outcome;
  key.assign(reinterpret_cast<const char*>(&fixed), sizeof fixed);
  key.append(record.user).append(record.database).append(record.kind).append(record.tables.raw());
}

/// " a b.c ": found with LIKE '% b.c %' and '%.c %'.
std::string tables_text(Bytes raw) {
  std::string out = " ";
  CborReader reader(raw);
  const auto count = raw.empty() ? std::nullopt : reader.array();
  for (uint64_t i = 0; count && i < *count; ++i) out.append(*reader.text()).push_back(' ');
  return out;
}

}  // namespace

void Index::remove(const std::filesystem::path& audit_directory) {
  std::error_code ignored;
  for (const char* name : {"index.db", "index.db-wal", "index.db-shm"}) {
    std::filesystem::remove(audit_directory / name, ignored);
  }
}

Result<Index> Index::open(const std::filesystem::path& audit_directory) {
  SLUICE_ASSIGN(auto database, store::Database::open(audit_directory / "index.db"));
  // Lost on power failure, it is made again.
  SLUICE_TRY(database.execute("PRAGMA synchronous = OFF"));
  SLUICE_TRY(database.migrate({
      R"(CREATE TABLE cursor (segment TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;
         CREATE TABLE chunks (
           id INTEGER PRIMARY KEY,
           segment TEXT NOT NULL,
           position INTEGER NOT NULL,       -- of its first frame
           end INTEGER NOT NULL,            -- behind its last frame
           first_sequence INTEGER NOT NULL,
           last_sequence INTEGER NOT NULL,
           first_time INTEGER NOT NULL,     -- microseconds
           last_time INTEGER NOT NULL
         ) STRICT;
         CREATE INDEX chunks_by_sequence ON chunks (last_sequence);
         CREATE TABLE groups (
           chunk INTEGER NOT NULL REFERENCES chunks (id),
           type INTEGER NOT NULL,
           outcome INTEGER NOT NULL,
           session INTEGER NOT NULL,
           user TEXT NOT NULL,
           database TEXT NOT NULL,
           kind TEXT NOT NULL,
           tables TEXT NOT NULL,
           records INTEGER NOT NULL
         ) STRICT;
         CREATE INDEX groups_by_chunk ON groups (chunk);)",
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

Index::Chunk& Index::chunk_of(const std::string& segment, const Frame& frame) {
  const auto known = current_.find(segment);
  if (known != current_.end() && pending_[known->second].records < kChunkRecords) {
    return pending_[known->second];
  }
  current_[segment] = pending_.size();
  Chunk& chunk = pending_.emplace_back();
  chunk.segment = segment;
  chunk.begin = frame.offset;
  chunk.first_sequence = frame.sequence;
  return chunk;
}

bool Index::add(const std::string& segment, const Frame& frame) {
  Chunk& chunk = chunk_of(segment, frame);
  ++chunk.records;
  chunk.end = frame.offset + frame_size(frame.payload.size());
  chunk.last_sequence = frame.sequence;
  const auto record = read_record(frame.payload);
  if (!record) return false;
  chunk.first_time = std::min(chunk.first_time, record->time_micros);
  chunk.last_time = std::max(chunk.last_time, record->time_micros);
  group_key(key_, *record);
  ++chunk.groups[key_];
  ++pending_records_;
  return true;
}

Result<> Index::write(const Chunk& chunk, store::Statement& chunks, store::Statement& groups) {
  SLUICE_TRY(chunks.bind(1, chunk.segment)
                 .bind(2, static_cast<int64_t>(chunk.begin))
                 .bind(3, static_cast<int64_t>(chunk.end))
                 .bind(4, static_cast<int64_t>(chunk.first_sequence))
                 .bind(5, static_cast<int64_t>(chunk.last_sequence))
                 .bind(6, chunk.first_time)
                 .bind(7, chunk.last_time)
                 .run());
  groups.bind(1, database_.last_insert_id());
  for (const auto& [key, records] : chunk.groups) {
    GroupFixed fixed;
    std::memcpy(&fixed, key.data(), sizeof fixed);
    Bytes rest = Bytes(key).substr(sizeof fixed);
    const auto take = [&](size_t size) {
      const Bytes taken = rest.substr(0, size);
      rest.remove_prefix(size);
      return taken;
    };
    SLUICE_TRY(groups.bind(2, static_cast<int64_t>(fixed.type))
                   .bind(3, static_cast<int64_t>(fixed.outcome))
                   .bind(4, static_cast<int64_t>(fixed.session))
                   .bind(5, take(fixed.user))
                   .bind(6, take(fixed.database))
                   .bind(7, take(fixed.kind))
                   .bind(8, tables_text(take(fixed.tables)))
                   .bind(9, static_cast<int64_t>(records))
                   .run());
  }
  return {};
}

Result<> Index::flush(const Cursor& cursor) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto chunks, database_.prepare("INSERT INTO chunks VALUES "
                                               "(NULL, ?, ?, ?, ?, ?, ?, ?)"));
  SLUICE_ASSIGN(auto groups,
                database_.prepare("INSERT INTO groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const Chunk& chunk : pending_) SLUICE_TRY(write(chunk, chunks, groups));
  SLUICE_ASSIGN(auto place,
                database_.prepare("INSERT INTO cursor VALUES (?, ?) ON CONFLICT "
                                  "(segment) DO UPDATE SET position = excluded.position"));
  for (const auto& [segment, offset] : cursor) {
    SLUICE_TRY(place.bind(1, segment).bind(2, static_cast<int64_t>(offset)).run());
  }
  SLUICE_TRY(transaction.commit());
  pending_.clear();
  pending_records_ = 0;
  current_.clear();
  return {};
}

}  // namespace sluice::audit
