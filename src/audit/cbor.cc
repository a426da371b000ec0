#include "audit/cbor.h"

#include <bit>

namespace sluice::audit {

void CborWriter::head(uint8_t major, uint64_t value) {
  if (value < 24) {
    out_.push_back(static_cast<char>(major << 5 | value));
    return;
  }
  const unsigned bytes = value <= 0xFF ? 1 : value <= 0xFFFF ? 2 : value <= 0xFFFFFFFF ? 4 : 8;
  char encoded[9];
  encoded[0] = static_cast<char>(major << 5 | (24 + std::countr_zero(bytes)));
  for (unsigned i = 0; i < bytes; ++i) {
    encoded[1 + i] = static_cast<char>(value >> 8 * (bytes - 1 - i));
  }
  out_.append(encoded, 1 + bytes);
}

bool CborReader::byte(uint8_t expected) {
  if (in_.empty() || static_cast<uint8_t>(in_[0]) != expected) return false;
  in_.remove_prefix(1);
  return true;
}

std::optional<uint64_t> CborReader::head(uint8_t major) {
  if (in_.empty() || static_cast<uint8_t>(in_[0]) >> 5 != major) return std::nullopt;
  const uint8_t info = static_cast<uint8_t>(in_[0]) & 31;
  if (info < 24) {
    in_.remove_prefix(1);
    return info;
  }
  if (info > 27) return std::nullopt;
  const size_t size = size_t{1} << (info - 24);
  if (in_.size() < 1 + size) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 1; i <= size; ++i) value = value << 8 | static_cast<uint8_t>(in_[i]);
  in_.remove_prefix(1 + size);
  return value;
}

std::optional<Bytes> CborReader::string(uint8_t major) {
  const auto size = head(major);
  if (!size || *size > in_.size()) return std::nullopt;
  const Bytes value = in_.substr(0, *size);
  in_.remove_prefix(*size);
  return value;
}

std::optional<uint64_t> CborReader::array() {
  const auto count = head(4);
  if (!count || *count > in_.size()) return std::nullopt;
  return count;
}

bool CborReader::skip() {
  if (in_.empty()) return false;
  const auto major = static_cast<uint8_t>(in_[0]) >> 5;
  if (major == 0) return unsigned_integer().has_value();
  if (major == 2 || major == 3) return string(static_cast<uint8_t>(major)).has_value();
  if (major != 4) return false;
  const auto count = array();
  if (!count) return false;
  for (uint64_t i = 0; i < *count; ++i) {
    if (in_.empty() || static_cast<uint8_t>(in_[0]) >> 5 >= 4 || !skip()) return false;
  }
  return true;
}

}  // namespace sluice::audit
