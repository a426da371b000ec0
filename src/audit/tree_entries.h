#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/tree_files.h"
#include "base/bytes.h"
#include "base/result.h"

namespace sluice::audit {

/// The entries of the tree in pieces of a bundle, of which the last few are kept.
class TreeEntries {
 public:
  TreeEntries(const TreeFiles& files, uint64_t size) : files_(files), size_(size) {}

  /// Nothing where the bundle is not there or not what bundles are.
  const std::vector<Bytes>* bundle(uint64_t index) {
    if (kept_ == index && bytes_) return entries_ ? &*entries_ : nullptr;
    kept_ = index;
    const uint64_t width = std::min(tlog::kTileWidth, size_ - index * tlog::kTileWidth);
    bytes_ = files_.read({tlog::kEntries, index, width});
    entries_ = bytes_ ? tlog::split_bundle(*bytes_) : std::nullopt;
    if (entries_ && entries_->size() != width) entries_.reset();
    return entries_ ? &*entries_ : nullptr;
  }
  /// That of record index + 1; it lives until another bundle is asked for.
  std::optional<Bytes> entry(uint64_t index) {
    const auto* entries = bundle(index / tlog::kTileWidth);
    if (entries == nullptr) return std::nullopt;
    return (*entries)[index % tlog::kTileWidth];
  }

 private:
  const TreeFiles& files_;
  uint64_t size_;
  uint64_t kept_ = 0;
  Result<std::string> bytes_ = fail(ErrorCode::kNotFound, "");
  std::optional<std::vector<Bytes>> entries_;
};

}  // namespace sluice::audit
