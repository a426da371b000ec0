#include "undo/undo_store.h"

#include <fmt/format.h>

#include "store/state.h"

namespace sluice::undo {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, request, requester, database, summary, created_micros, until_micros, state, "
    "undone_by, place FROM undo_entries ";

/// A sealed text belongs to this entry and to no other.
std::string purpose_of(const Entry& entry) {
  return fmt::format("{}/{}/{}/{}", entry.request, entry.created_micros, entry.requester,
                     entry.database);
}

EntryState state_of(std::string_view name) {
  if (name == "kept") return EntryState::kKept;
  return name == "undone" ? EntryState::kUndone : EntryState::kGone;
}

}  // namespace

std::string_view name_of(EntryState state) {
  switch (state) {
    case EntryState::kKept:
      return "kept";
    case EntryState::kUndone:
      return "undone";
    case EntryState::kGone:
      return "gone";
  }
  return "?";
}

Result<std::unique_ptr<UndoStore>> UndoStore::open(store::Database database,
                                                   const std::filesystem::path& key_file) {
  SLUICE_ASSIGN(auto seal, Seal::open(key_file));
  return std::unique_ptr<UndoStore>(new UndoStore(std::move(database), std::move(seal)));
}

Result<int64_t> UndoStore::keep(const Entry& entry, const Images& images) {
  return insert(entry, encode(images));
}

Result<int64_t> UndoStore::keep(const Entry& entry, const Kept& kept) {
  return insert(entry, encode(kept));
}

Result<int64_t> UndoStore::insert(const Entry& entry, std::string_view text) {
  const std::string sealed = seal_.close(text, purpose_of(entry));
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto insert, database_.prepare(
                                 "INSERT INTO undo_entries (request, requester, database, summary, "
                                 "created_micros, until_micros, state, undone_by, place, sealed) "
                                 "VALUES (?, ?, ?, ?, ?, ?, 'kept', '', ?, ?) RETURNING id"));
  insert.bind(1, entry.request).bind(2, entry.requester).bind(3, entry.database);
  insert.bind(4, entry.summary).bind(5, entry.created_micros).bind(6, entry.until_micros);
  insert.bind(7, entry.place).bind_blob(8, sealed);
  SLUICE_ASSIGN(const bool row, insert.step());
  if (!row) return fail(ErrorCode::kInternal, "what was kept got no number");
  const int64_t id = insert.integer(0);
  SLUICE_TRY(insert.run());
  return id;
}

Result<std::vector<Entry>> UndoStore::all_of(store::Statement& query) {
  std::vector<Entry> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back({query.integer(0), query.integer(1), query.text(2), query.text(3), query.text(4),
                   query.integer(5), query.integer(6), state_of(query.text(7)), query.text(8),
                   query.text(9)});
  }
}

Result<std::vector<Entry>> UndoStore::list(size_t limit) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto query,
                database_.prepare(fmt::format("{} ORDER BY id DESC LIMIT ?", kColumns)));
  query.bind(1, static_cast<int64_t>(limit));
  return all_of(query);
}

Result<std::vector<Entry>> UndoStore::of_request(int64_t request, int64_t now_micros) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto query,
                database_.prepare(fmt::format(
                    "{} WHERE request = ? AND until_micros > ? AND state = 'kept' ORDER BY id DESC",
                    kColumns)));
  query.bind(1, request).bind(2, now_micros);
  return all_of(query);
}

Result<std::vector<Entry>> UndoStore::expired(int64_t now_micros) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto query,
                database_.prepare(fmt::format(
                    "{} WHERE until_micros <= ? AND state = 'kept' ORDER BY id", kColumns)));
  query.bind(1, now_micros);
  return all_of(query);
}

Result<std::string> UndoStore::content(const Entry& entry) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT sealed FROM undo_entries WHERE id = ?"));
  query.bind(1, entry.id);
  SLUICE_ASSIGN(const bool row, query.step());
  if (!row) return fail(ErrorCode::kNotFound, "it is not kept any more");
  return seal_.open(query.text(0), purpose_of(entry));
}

Result<Images> UndoStore::images(const Entry& entry) {
  SLUICE_ASSIGN(const std::string text, content(entry));
  return decode_images(text);
}

Result<Kept> UndoStore::kept(const Entry& entry) {
  SLUICE_ASSIGN(const std::string text, content(entry));
  return decode_kept(text);
}

Result<bool> UndoStore::finish(const Entry& entry, EntryState state, const std::string& actor,
                               const std::string& word) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto update, database_.prepare("UPDATE undo_entries SET state = ?, undone_by = ?, "
                                               "sealed = ? WHERE id = ? AND state = 'kept'"));
  update.bind(1, name_of(state)).bind(2, state == EntryState::kUndone ? actor : std::string());
  SLUICE_TRY(update.bind_blob(3, "").bind(4, entry.id).run());
  if (database_.changes() != 1) return false;
  SLUICE_TRY(store::leave_event(database_, "approval", actor, word));
  SLUICE_TRY(transaction.commit());
  return true;
}

}  // namespace sluice::undo
