#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "tlog/merkle.h"

namespace sluice::tlog {

// Tiles of c2sp.org/tlog-tiles: the tree in files that never change, 256 hashes wide.

inline constexpr uint64_t kTileWidth = 256;
/// The "level" of entry bundles.
inline constexpr int kEntries = -1;

/// One tile: of hashes at `level`, or of entries.
struct TileId {
  int level = 0;
  uint64_t index = 0;
  uint64_t width = kTileWidth;  ///< less than kTileWidth: a partial tile
  friend bool operator==(const TileId&, const TileId&) = default;
  friend auto operator<=>(const TileId&, const TileId&) = default;
};

/// "tile/0/x001/234/067", "tile/entries/000.p/5".
std::string tile_path(const TileId& tile);
/// Back; nothing for what tile_path does not write.
std::optional<TileId> parse_tile_path(std::string_view path);

/// How many hashes level `level` has in a tree of `size` leaves.
constexpr uint64_t level_size(uint64_t size, int level) {
  return level >= 8 ? 0 : size >> (8 * level);
}

/// Fetches a tile: exactly `width` hashes, or the bundle of as many entries.
using ReadTile = std::function<Result<std::string>(const TileId&)>;

/// Appends an entry to a bundle: its length in two bytes, big-endian, and the entry.
void append_entry(std::string& bundle, Bytes entry);
/// The entries of a bundle; nothing where its lengths do not add up.
std::optional<std::vector<Bytes>> split_bundle(Bytes bundle);

/// A tree that grows at its right edge, which is all it remembers.
class TileTree {
 public:
  /// Called with every tile that has become full.
  using Full = std::function<void(const TileId&, Bytes hashes)>;

  TileTree() = default;
  /// Takes up a tree of `size` leaves where its tiles leave off.
  static Result<TileTree> resume(uint64_t size, const ReadTile& read);

  void append(const Hash& leaf, const Full& full);
  uint64_t size() const { return size_; }
  Hash root() const;
  /// The partial tiles of the tree as it is.
  std::vector<std::pair<TileId, std::string>> partial_tiles() const;

 private:
  uint64_t size_ = 0;
  std::vector<std::vector<Hash>> edge_;  ///< by level: the hashes of its last, partial tile
};

}  // namespace sluice::tlog
