#include "audit/index.h"

#include <algorithm>

#include "audit/decision.h"
#include "audit/fields.h"
#include "audit/index_lock.h"
#include "audit/query.h"
#include "audit/subject_set.h"
#include "audit/words.h"

namespace sluice::audit {
namespace {

/// More entries than these are not kept in memory: what is forgotten is written once more.
constexpr size_t kMostEntries = 100'000;
constexpr size_t kMostIdle = 64;
/// Longer texts are looked through each time, rather than kept to be recognised.
constexpr size_t kLongestKept = 2048;

void append_list(std::string& out, Key key, const TextList& list) {
  if (list.raw().empty()) return;
  CborWriter(out).unsigned_integer(static_cast<uint64_t>(key));
  out.append(list.raw());
}

/// An entry is a record in which only its own fields are set.
class Entry {
 public:
  explicit Entry(std::string& out, EventType type = EventType::kStatement)
      : out_(out), fields(out) {
    out.clear();
    CborWriter(out).begin_map();
    fields.number(Key::kType, static_cast<uint64_t>(type));
  }
  ~Entry() { CborWriter(out_).end(); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  std::string& out_;

 public:
  Fields fields;
};

}  // namespace

void Index::remove(const std::filesystem::path& audit_directory) {
  const auto alone = lock_index_files_alone(audit_directory);
  std::error_code ignored;
  for (const char* name : {"index.db", "index.db-wal", "index.db-shm"}) {
    std::filesystem::remove(audit_directory / name, ignored);
  }
}

Result<Index> Index::open(const std::filesystem::path& audit_directory) {
  auto files = lock_index_files(audit_directory);
  SLUICE_ASSIGN(auto database, store::Database::open(audit_directory / "index.db"));
  // Lost on power failure, it is made again.
  SLUICE_TRY(database.execute("PRAGMA synchronous = OFF; PRAGMA mmap_size = 2147483648"));
  SLUICE_TRY(database.migrate({
      "CREATE TABLE cursor (segment TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;",
      // What an earlier version had is made anew from the log.
      R"(DROP TABLE IF EXISTS chunks; DROP TABLE IF EXISTS groups; DELETE FROM cursor;
         CREATE TABLE entries (
           id INTEGER PRIMARY KEY,
           kind INTEGER NOT NULL,
           value BLOB NOT NULL              -- a record with only these fields
         ) STRICT;
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
         CREATE TABLE chunk_columns (chunk INTEGER PRIMARY KEY, columns BLOB NOT NULL) STRICT;
         CREATE VIRTUAL TABLE words USING fts5(   -- rowid: chunk * 4096 + place of the first record
           text, content='', columnsize=0, detail=none, tokenize="ascii tokenchars '_'");)",
      // Chunks have a column more: all are made anew.
      R"(DELETE FROM cursor; DELETE FROM entries; DELETE FROM chunks; DELETE FROM chunk_columns;
         INSERT INTO words(words) VALUES ('delete-all');)",
      "CREATE TABLE damage (place TEXT PRIMARY KEY) STRICT;",
      // Verdicts tell more: what only was parsed, approvals.
      R"(DELETE FROM cursor; DELETE FROM entries; DELETE FROM chunks; DELETE FROM chunk_columns;
         INSERT INTO words(words) VALUES ('delete-all');)",
      // And these of changes and tickets.
      R"(DELETE FROM cursor; DELETE FROM entries; DELETE FROM chunks; DELETE FROM chunk_columns;
         INSERT INTO words(words) VALUES ('delete-all');)",
      // And of purposes, and contexts of who acts for whom.
      R"(DELETE FROM cursor; DELETE FROM entries; DELETE FROM chunks; DELETE FROM chunk_columns;
         INSERT INTO words(words) VALUES ('delete-all');)",
  }));
  return {Index(std::move(files), std::move(database))};
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

Result<std::vector<std::string>> Index::damage() {
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT place FROM damage ORDER BY place"));
  std::vector<std::string> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back(query.text(0));
  }
}

Result<uint64_t> Index::newest() {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT coalesce(max(last_sequence), 0) FROM chunks"));
  SLUICE_ASSIGN([[maybe_unused]] const bool one, query.step());
  return static_cast<uint64_t>(query.integer(0));
}

Result<> Index::load() {
  if (loaded_) return {};
  SLUICE_ASSIGN(auto last, database_.prepare("SELECT (SELECT max(id) FROM entries),"
                                             " (SELECT max(id) FROM chunks)"));
  SLUICE_ASSIGN([[maybe_unused]] const bool one, last.step());
  last_entry_ = static_cast<uint64_t>(last.integer(0));
  last_chunk_ = last.integer(1);
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT id, kind, value FROM entries ORDER BY id DESC LIMIT ?"));
  query.bind(1, static_cast<int64_t>(kMostEntries));
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) break;
    const auto kind = static_cast<size_t>(query.integer(1));
    if (kind < entries_.size()) {
      entries_[kind].known.emplace(query.text(2), static_cast<uint64_t>(query.integer(0)));
    }
  }
  loaded_ = true;
  return {};
}

uint64_t Index::entry(EntryKind kind, const std::string& value) {
  Entries& entries = entries_[static_cast<size_t>(kind)];
  const auto [known, fresh] = entries.known.try_emplace(value, last_entry_ + 1);
  if (fresh) entries.fresh.emplace_back(++last_entry_, value);
  return known->second;
}

uint64_t Index::context_of(const RecordView& record) {
  {
    Entry entry(key_);
    entry.fields.text(Key::kUser, record.user);
    entry.fields.text(Key::kDatabase, record.database);
    entry.fields.text(Key::kEnvironment, record.environment);
    entry.fields.text(Key::kApplication, record.application);
    entry.fields.text(Key::kClient, host_of(record.client_address));
    entry.fields.text(Key::kPrincipalKind, record.principal_kind);
    append_list(key_, Key::kGroups, record.groups);
    entry.fields.text(Key::kRun, record.run);
    entry.fields.text(Key::kPrompt, record.prompt);
    append_list(key_, Key::kActors, record.actors);
  }
  return entry(EntryKind::kContext, key_);
}

uint64_t Index::statement_of(const RecordView& record) {
  {
    Entry entry(key_);
    entry.fields.text(Key::kKind, record.kind);
    append_list(key_, Key::kTables, record.tables);
    append_list(key_, Key::kActions, record.actions);
    append_list(key_, Key::kOutputColumns, record.output_columns);
    append_list(key_, Key::kPredicateColumns, record.predicate_columns);
    append_list(key_, Key::kWrittenColumns, record.written_columns);
    append_list(key_, Key::kClasses, record.classes);
  }
  return entry(EntryKind::kStatement, key_);
}

uint64_t Index::verdict_of(const RecordView& record) {
  {
    Entry entry(key_, record.type);
    if (record.type == EventType::kStatement) {
      entry.fields.number(Key::kOutcome, static_cast<uint64_t>(record.outcome));
      // The others are not told apart.
      if (record.phase == Phase::kParse)
        entry.fields.number(Key::kPhase, static_cast<uint64_t>(record.phase));
    }
    entry.fields.text(Key::kRule, record.rule);
    append_list(key_, Key::kMatched, record.matched);
    entry.fields.text(Key::kApproval, number_in(record.approval));
    entry.fields.text(Key::kChange, number_in(record.change));
    entry.fields.text(Key::kTicket, record.ticket);
    entry.fields.text(Key::kPurpose, record.purpose);
  }
  return entry(EntryKind::kVerdict, key_);
}

Index::Chunk& Index::chunk_of(const std::string& segment, const Frame& frame) {
  const auto known = open_.find(segment);
  if (known != open_.end()) {
    if (known->second.columns.rows() < kChunkRecords) return known->second;
    if (known->second.changed) full_.push_back(std::move(known->second));
    open_.erase(known);
  }
  Chunk& chunk = open_[segment];
  chunk.id = ++last_chunk_;
  chunk.segment = segment;
  chunk.begin = frame.offset;
  chunk.first_sequence = frame.sequence;
  return chunk;
}

void Index::add_words(Chunk& chunk, Bytes text) {
  const size_t place = chunk.columns.rows();
  if (chunk.words.empty() || place - chunk.words.back().first >= kWordRecords) {
    // Texts are kept only while they may come again.
    if (!chunk.words.empty()) chunk.words.back().texts.clear();
    chunk.words.emplace_back().first = place;
  }
  Words& words = chunk.words.back();
  ++words.records;
  if (text.empty()) return;
  if (text.size() <= kLongestKept && !words.texts.emplace(text).second) return;
  for_each_word(text, [&](Bytes word) { words.words.emplace(word); });
}

/// Values that have been seen are words like others; of large sets only that there is one.
void Index::add_sightings(Words& words, Bytes set) {
  if (set.empty()) return;
  if (set_size(set) == 0 || set_size(set) > kMostSightings) {
    words.words.emplace(kManySightings);
    return;
  }
  for_each_prefix(set, [&](uint32_t prefix) { words.words.insert(sighting_word(prefix)); });
}

bool Index::add(const std::string& segment, const Frame& frame) {
  const auto record = read_record(frame.payload);
  if (!record || !load()) return false;
  Chunk& chunk = chunk_of(segment, frame);
  chunk.changed = true;
  chunk.idle = 0;
  chunk.end = frame.offset + frame_size(frame.payload.size());
  chunk.last_sequence = frame.sequence;
  chunk.first_time = std::min(chunk.first_time, record->time_micros);
  chunk.last_time = std::max(chunk.last_time, record->time_micros);
  add_words(chunk, record->text);
  add_sightings(chunk.words.back(), record->seen_shown);
  add_sightings(chunk.words.back(), record->seen_masked);
  chunk.columns.add({context_of(*record), statement_of(*record), verdict_of(*record),
                     record->session_id, static_cast<uint64_t>(record->time_micros),
                     record->duration_micros, record->rows, frame.sequence, frame.offset,
                     subjects_of(*record)});
  ++pending_records_;
  return true;
}

Result<> Index::write_entries() {
  SLUICE_ASSIGN(auto insert, database_.prepare("INSERT INTO entries VALUES (?, ?, ?)"));
  for (size_t kind = 0; kind < entries_.size(); ++kind) {
    for (const auto& [id, value] : entries_[kind].fresh) {
      SLUICE_TRY(insert.bind(1, static_cast<int64_t>(id))
                     .bind(2, static_cast<int64_t>(kind))
                     .bind_blob(3, value)
                     .run());
    }
  }
  return {};
}

Result<> Index::write_chunks() {
  std::vector<Chunk*> changed;
  for (Chunk& chunk : full_) changed.push_back(&chunk);
  for (auto& [segment, chunk] : open_) {
    if (chunk.changed) changed.push_back(&chunk);
  }
  // The words' index takes documents in the order of their numbers.
  std::sort(changed.begin(), changed.end(),
            [](const Chunk* a, const Chunk* b) { return a->id < b->id; });
  SLUICE_ASSIGN(auto chunks, database_.prepare("INSERT OR REPLACE INTO chunks VALUES "
                                               "(?, ?, ?, ?, ?, ?, ?, ?)"));
  SLUICE_ASSIGN(auto columns,
                database_.prepare("INSERT OR REPLACE INTO chunk_columns VALUES (?, ?)"));
  SLUICE_ASSIGN(auto words, database_.prepare("INSERT INTO words (rowid, text) VALUES (?, ?)"));
  std::string text;
  for (const Chunk* chunk : changed) {
    SLUICE_TRY(chunks.bind(1, chunk->id)
                   .bind(2, chunk->segment)
                   .bind(3, static_cast<int64_t>(chunk->begin))
                   .bind(4, static_cast<int64_t>(chunk->end))
                   .bind(5, static_cast<int64_t>(chunk->first_sequence))
                   .bind(6, static_cast<int64_t>(chunk->last_sequence))
                   .bind(7, chunk->first_time)
                   .bind(8, chunk->last_time)
                   .run());
    SLUICE_TRY(columns.bind(1, chunk->id).bind_blob(2, chunk->columns.encode()).run());
    for (const Words& some : chunk->words) {
      text.clear();
      for (const auto& word : some.words) text.append(word).push_back(' ');
      if (text.empty()) continue;
      const auto rowid = chunk->id * static_cast<int64_t>(kChunkRecords);
      SLUICE_TRY(words.bind(1, rowid + static_cast<int64_t>(some.first)).bind(2, text).run());
    }
  }
  return {};
}

Result<> Index::flush(const Cursor& cursor) {
  SLUICE_TRY(load());
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(write_entries());
  SLUICE_TRY(write_chunks());
  SLUICE_ASSIGN(auto place,
                database_.prepare("INSERT INTO cursor VALUES (?, ?) ON CONFLICT "
                                  "(segment) DO UPDATE SET position = excluded.position"));
  for (const auto& [segment, offset] : cursor) {
    SLUICE_TRY(place.bind(1, segment).bind(2, static_cast<int64_t>(offset)).run());
  }
  SLUICE_ASSIGN(auto damage, database_.prepare("INSERT OR IGNORE INTO damage VALUES (?)"));
  for (const auto& one : damage_) SLUICE_TRY(damage.bind(1, one).run());
  SLUICE_TRY(transaction.commit());
  damage_.clear();
  full_.clear();
  pending_records_ = 0;
  for (Entries& entries : entries_) {
    entries.fresh.clear();
    if (entries.known.size() > kMostEntries) entries.known.clear();
  }
  // A chunk that more may be added to is written again then; its words are not.
  for (auto chunk = open_.begin(); chunk != open_.end();) {
    chunk->second.changed = false;
    chunk->second.words.clear();
    const bool over =
        ++chunk->second.idle > kMostIdle || chunk->second.columns.rows() >= kChunkRecords;
    chunk = over ? open_.erase(chunk) : std::next(chunk);
  }
  return {};
}

}  // namespace sluice::audit
