#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "tlog/checkpoint.h"
#include "tlog/tile.h"

namespace sluice::audit {

/// The public side of a log in a folder, laid out as c2sp.org/tlog-tiles serves it: `checkpoint`
/// and `tile/…`. Any web server can publish it, and tools of others can read it.
class TreeFiles {
 public:
  explicit TreeFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  const std::filesystem::path& directory() const { return directory_; }

  /// The tile as it was written; of a partial one that is gone, the part of the full one.
  Result<std::string> read(const tlog::TileId& tile) const;
  /// Not to be read by others before a checkpoint has been written that needs it.
  Result<> write(const tlog::TileId& tile, Bytes bytes) const;
  /// Partial tiles with the level and index of this one that are there.
  std::vector<tlog::TileId> partials(const tlog::TileId& tile) const;
  /// Drops what a full tile makes superfluous.
  void remove_partial(const tlog::TileId& full) const;

  /// The signed note; kNotFound before the first.
  Result<std::string> read_checkpoint() const;
  /// How many records the checkpoint says that it covers; nobody has looked at its signature. 0:
  /// there is none. An error: there is one, and it cannot be read.
  Result<uint64_t> claimed_size() const;
  /// All that it says, in the same way.
  Result<tlog::Checkpoint> claimed_head() const;
  /// On disk when it returns.
  Result<> write_checkpoint(std::string_view note) const;

  tlog::ReadTile reader() const {
    return [this](const tlog::TileId& tile) { return read(tile); };
  }

 private:
  std::filesystem::path directory_;
};

/// Of the log in `<state>/audit`.
inline TreeFiles tree_files(const std::filesystem::path& audit) {
  return TreeFiles(audit / "tlog");
}

/// A whole file.
Result<std::string> read_file(const std::filesystem::path& file);
/// Replaces a file at once and for good: it is on disk under its name when this returns.
Result<> replace_file(const std::filesystem::path& file, Bytes bytes);
/// Flushes one file.
Result<> sync_file(const std::filesystem::path& file);

}  // namespace sluice::audit
