#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "undo/images.h"
#include "undo/keep.h"
#include "undo/seal.h"

namespace sluice::undo {

enum class EntryState : uint8_t {
  kKept,
  kUndone,
  kGone,  ///< its time is over
};

/// "kept", "undone", "gone".
std::string_view name_of(EntryState state);

/// What is kept of one statement.
struct Entry {
  int64_t id = 0;       ///< 1, 2, 3, …; 0: not kept yet
  int64_t request = 0;  ///< the approval under which it ran
  std::string requester;
  std::string database;
  std::string summary;  ///< "2 rows of public.orders", "table public.orders"
  int64_t created_micros = 0;
  int64_t until_micros = 0;
  EntryState state = EntryState::kKept;
  std::string undone_by;  ///< empty unless it is
  std::string place;      ///< schema at the server where things are kept; empty: rows, here
};

/// What is kept for undoing, encrypted, until its time is over. Thread-safe; may wait for the disk.
class UndoStore {
 public:
  /// `database` must be nobody else's. The key is read from `key_file`, or made there.
  static Result<std::unique_ptr<UndoStore>> open(store::Database database,
                                                 const std::filesystem::path& key_file);

  /// Keeps rows, or how to bring back things; returns its id.
  Result<int64_t> keep(const Entry& entry, const Images& images);
  Result<int64_t> keep(const Entry& entry, const Kept& kept);

  /// The newest first.
  Result<std::vector<Entry>> list(size_t limit);
  /// Those of one request that can still be undone at this time, the newest first.
  Result<std::vector<Entry>> of_request(int64_t request, int64_t now_micros);
  /// Those whose time is over.
  Result<std::vector<Entry>> expired(int64_t now_micros);

  Result<Images> images(const Entry& entry);
  Result<Kept> kept(const Entry& entry);

  /// From kept to undone or gone; what was kept is forgotten, and word of it left for the record.
  /// False if it was not kept any more.
  Result<bool> finish(const Entry& entry, EntryState state, const std::string& actor,
                      const std::string& word);

 private:
  UndoStore(store::Database database, Seal seal)
      : database_(std::move(database)), seal_(std::move(seal)) {}
  Result<int64_t> insert(const Entry& entry, std::string_view text);
  Result<std::vector<Entry>> all_of(store::Statement& query);
  Result<std::string> content(const Entry& entry);

  std::mutex mutex_;
  store::Database database_;
  Seal seal_;
};

}  // namespace sluice::undo
