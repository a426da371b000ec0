#pragma once

#include <optional>

#include "base/bytes.h"

namespace sluice::mask {

/// Reads a binary value from its front; once something was not there, `ok` is false for good.
class BinaryReader {
 public:
  explicit BinaryReader(Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }
  size_t left() const { return rest_.size(); }

  Bytes bytes(size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const Bytes taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  uint16_t be16() {
    const Bytes taken = bytes(2);
    return taken.empty() ? uint16_t{0} : load_be16(taken.data());
  }
  uint32_t be32() {
    const Bytes taken = bytes(4);
    return taken.empty() ? 0 : load_be32(taken.data());
  }
  /// Bytes behind their length; nothing for the length -1, which is NULL.
  std::optional<Bytes> field() {
    const auto length = static_cast<int32_t>(be32());
    if (length == -1) return std::nullopt;
    if (length < 0) {
      ok_ = false;
      return Bytes();
    }
    return bytes(static_cast<size_t>(length));
  }

 private:
  Bytes rest_;
  bool ok_ = true;
};

}  // namespace sluice::mask
