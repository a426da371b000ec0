#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

// For the tests of this room: messages written down as bytes.

namespace sluice::wire::postgres::testing {

/// A literal with its embedded NULs, without the compiler's own: B("a\0b").
template <size_t N>
std::string B(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

inline std::string be16(uint16_t value) {
  std::string out;
  append_be16(out, value);
  return out;
}

inline std::string be32(uint32_t value) {
  std::string out;
  append_be32(out, value);
  return out;
}

/// A message with the length that belongs to its body.
inline std::string frame(char type, Bytes body) {
  return type + be32(static_cast<uint32_t>(body.size() + 4)) + std::string(body);
}

/// A start-up packet with the length that belongs to it.
inline std::string packet(uint32_t code, Bytes rest) {
  return be32(static_cast<uint32_t>(rest.size() + 8)) + be32(code) + std::string(rest);
}

}  // namespace sluice::wire::postgres::testing
