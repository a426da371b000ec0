#pragma once

#include <optional>

#include "base/bytes.h"

namespace sluice::wire::postgres {

/// Takes protocol values off the front of a message body. Every read says whether there was enough.
class Reader {
 public:
  explicit Reader(Bytes body) : rest_(body) {}

  std::optional<uint8_t> u8() {
    if (rest_.empty()) return std::nullopt;
    const auto value = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return value;
  }
  std::optional<uint16_t> u16() {
    if (rest_.size() < 2) return std::nullopt;
    const uint16_t value = load_be16(rest_.data());
    rest_.remove_prefix(2);
    return value;
  }
  std::optional<uint32_t> u32() {
    if (rest_.size() < 4) return std::nullopt;
    const uint32_t value = load_be32(rest_.data());
    rest_.remove_prefix(4);
    return value;
  }
  /// A NUL-terminated String, without its terminator.
  std::optional<Bytes> string() {
    const size_t end = rest_.find('\0');
    if (end == Bytes::npos) return std::nullopt;
    const Bytes value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return value;
  }
  bool skip(size_t count) {
    if (rest_.size() < count) return false;
    rest_.remove_prefix(count);
    return true;
  }
  Bytes rest() const { return rest_; }
  bool done() const { return rest_.empty(); }

 private:
  Bytes rest_;
};

}  // namespace sluice::wire::postgres
