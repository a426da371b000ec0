#include "tlog/tile.h"

#include <bit>
#include <charconv>

namespace sluice::tlog {
namespace {

/// Three digits a path element, all but the last marked with an x.
std::string index_path(uint64_t index) {
  const auto three = [](uint64_t n) {
    const std::string digits = std::to_string(n);
    return std::string(3 - digits.size(), '0') + digits;
  };
  std::string path = three(index % 1000);
  while ((index /= 1000) != 0) path = "x" + three(index % 1000) + "/" + path;
  return path;
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::string tile_path(const TileId& tile) {
  std::string path = "tile/";
  path += tile.level == kEntries ? "entries" : std::to_string(tile.level);
  path += '/';
  path += index_path(tile.index);
  if (tile.width < kTileWidth) path += ".p/" + std::to_string(tile.width);
  return path;
}

std::optional<TileId> parse_tile_path(std::string_view path) {
  const std::string_view whole = path;
  if (!path.starts_with("tile/")) return std::nullopt;
  path.remove_prefix(5);
  TileId tile;
  const size_t slash = path.find('/');
  if (slash == path.npos) return std::nullopt;
  const auto level = number(path.substr(0, slash));
  if (!level && path.substr(0, slash) != "entries") return std::nullopt;
  if (level && *level > 63) return std::nullopt;
  tile.level = level ? static_cast<int>(*level) : kEntries;
  path.remove_prefix(slash + 1);
  if (const size_t partial = path.find(".p/"); partial != path.npos) {
    const auto width = number(path.substr(partial + 3));
    if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
    tile.width = *width;
    path = path.substr(0, partial);
  }
  std::string digits;
  for (const char c : path) {
    if (c != 'x' && c != '/') digits += c;
  }
  const auto index = number(digits);
  if (!index) return std::nullopt;
  tile.index = *index;
  // There is one way to write each.
  if (tile_path(tile) != whole) return std::nullopt;
  return tile;
}

void append_entry(std::string& bundle, Bytes entry) {
  append_be16(bundle, static_cast<uint16_t>(entry.size()));
  bundle.append(entry);
}

std::optional<std::vector<Bytes>> split_bundle(Bytes bundle) {
  std::vector<Bytes> entries;
  while (!bundle.empty()) {
    if (bundle.size() < 2) return std::nullopt;
    const size_t length = load_be16(bundle.data());
    if (bundle.size() - 2 < length) return std::nullopt;
    entries.push_back(bundle.substr(2, length));
    bundle.remove_prefix(2 + length);
  }
  return entries;
}

Result<TileTree> TileTree::resume(uint64_t size, const ReadTile& read) {
  TileTree tree;
  tree.size_ = size;
  for (int level = 0; level_size(size, level) > 0; ++level) {
    const uint64_t hashes = level_size(size, level);
    auto& edge = tree.edge_.emplace_back();
    const uint64_t width = hashes % kTileWidth;
    if (width == 0) continue;
    SLUICE_ASSIGN(const auto tile, read({level, hashes / kTileWidth, width}));
    edge.resize(width);
    std::memcpy(edge.data(), tile.data(), width * sizeof(Hash));
  }
  return tree;
}

void TileTree::append(const Hash& leaf, const Full& full) {
  ++size_;
  Hash hash = leaf;
  for (size_t level = 0;; ++level) {
    if (edge_.size() == level) edge_.emplace_back().reserve(kTileWidth);
    auto& edge = edge_[level];
    edge.push_back(hash);
    if (edge.size() < kTileWidth) return;
    const int id = static_cast<int>(level);
    full({id, level_size(size_, id) / kTileWidth - 1},
         {edge.front().data(), edge.size() * sizeof(Hash)});
    hash = perfect_root(edge);
    edge.clear();
  }
}

Hash TileTree::root() const {
  if (size_ == 0) return empty_root();
  std::optional<Hash> root;
  for (const auto& edge : edge_) {
    // A run of n equal subtrees falls into perfect ones as n falls into powers of two, the
    // smallest at the right.
    size_t end = edge.size();
    while (end > 0) {
      const size_t width = end & (~end + 1);
      const Hash block = perfect_root(std::span(edge).subspan(end - width, width));
      root = root ? node_hash(block, *root) : block;
      end -= width;
    }
  }
  return *root;
}

std::vector<std::pair<TileId, std::string>> TileTree::partial_tiles() const {
  std::vector<std::pair<TileId, std::string>> tiles;
  for (size_t level = 0; level < edge_.size(); ++level) {
    const auto& edge = edge_[level];
    if (edge.empty()) continue;
    const int id = static_cast<int>(level);
    tiles.emplace_back(TileId{id, level_size(size_, id) / kTileWidth, edge.size()},
                       std::string(edge.front().data(), edge.size() * sizeof(Hash)));
  }
  return tiles;
}

}  // namespace sluice::tlog
