#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice {

/// A view of raw bytes. string_view because every library we hand bytes to takes one; it says
/// nothing about text or encoding.
using Bytes = std::string_view;

/// Network byte order (big-endian) loads; `p` need not be aligned.
inline uint16_t load_be16(const char* p) {
  uint16_t v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_bswap16(v);
}
inline uint32_t load_be32(const char* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_bswap32(v);
}
inline uint64_t load_be64(const char* p) {
  uint64_t v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_bswap64(v);
}

/// Network byte order stores.
inline void store_be16(char* p, uint16_t v) {
  v = __builtin_bswap16(v);
  std::memcpy(p, &v, sizeof v);
}
inline void store_be32(char* p, uint32_t v) {
  v = __builtin_bswap32(v);
  std::memcpy(p, &v, sizeof v);
}
inline void append_be16(std::string& out, uint16_t v) {
  char b[2];
  store_be16(b, v);
  out.append(b, sizeof b);
}
inline void append_be32(std::string& out, uint32_t v) {
  char b[4];
  store_be32(b, v);
  out.append(b, sizeof b);
}

/// Lower-case hexadecimal.
std::string to_hex(Bytes bytes);

/// Longest prefix of `text` of at most `limit` bytes that does not cut a UTF-8 sequence.
Bytes utf8_prefix(Bytes text, size_t limit);

/// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(Bytes text);

/// `bytes` as UTF-8: unchanged if it is, otherwise with each offending byte as "\xHH".
std::string to_printable_utf8(Bytes bytes);

}  // namespace sluice
