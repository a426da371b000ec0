#include "privacy/network_ids.h"

namespace sluice::privacy {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

size_t hex_run(std::string_view text, size_t from, size_t most) {
  size_t n = 0;
  while (n < most && from + n < text.size() && is_hex(text[from + n])) ++n;
  return n;
}

}  // namespace

size_t ipv4_at(std::string_view text) {
  size_t i = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (i >= text.size() || text[i++] != '.')) return 0;
    size_t digits = 0;
    unsigned value = 0;
    while (i < text.size() && digits < 4 && is_digit(text[i])) {
      value = value * 10 + static_cast<unsigned>(text[i++] - '0');
      ++digits;
    }
    if (digits == 0 || digits > 3 || value > 255) return 0;
  }
  if (i + 1 < text.size() && text[i] == '/' && is_digit(text[i + 1])) {
    i += 2;
    if (i < text.size() && is_digit(text[i])) ++i;
  }
  return i;
}

size_t ipv6_at(std::string_view text) {
  size_t i = 0, groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    i = 2;
  }
  while (groups < 8) {
    if (groups >= 2 || gap) {
      // The last two groups may be written as IPv4.
      if (const size_t v4 = ipv4_at(text.substr(i, 15)); v4 > 0) return i + v4;
    }
    const size_t n = hex_run(text, i, 5);
    if (n == 0 || n > 4) break;
    i += n;
    ++groups;
    if (i + 1 < text.size() && text[i] == ':' && text[i + 1] == ':' && !gap) {
      gap = true;
      i += 2;
    } else if (i + 1 < text.size() && text[i] == ':' && is_hex(text[i + 1]) && groups < 8) {
      ++i;
    } else {
      break;
    }
  }
  if (gap ? groups == 0 || groups > 7 : groups != 8) return 0;
  return i;
}

size_t mac_at(std::string_view text) {
  if (text.size() >= 14 && text[4] == '.' && text[9] == '.' && hex_run(text, 0, 4) == 4 &&
      hex_run(text, 5, 4) == 4 && hex_run(text, 10, 4) == 4)
    return 14;
  if (text.size() < 17 || (text[2] != ':' && text[2] != '-')) return 0;
  for (size_t i = 0; i < 6; ++i) {
    if (hex_run(text, i * 3, 2) != 2) return 0;
    if (i < 5 && text[i * 3 + 2] != text[2]) return 0;
  }
  return 17;
}

size_t uuid_at(std::string_view text) {
  if (text.size() < 36) return 0;
  for (size_t i = 0; i < 36; ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !is_hex(text[i])) return 0;
  }
  return 36;
}

}  // namespace sluice::privacy
