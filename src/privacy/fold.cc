#include "privacy/fold.h"

#include <cstddef>

namespace sluice::privacy {
namespace {

/// Latin-1 Supplement and Latin Extended-A (U+00C0 to U+017F) without accents; '?' where two
/// letters are needed, see `wide`.
constexpr std::string_view kLatin =
    "aaaaaa?ceeeeiiiidnooooo*ouuuuy??aaaaaa?ceeeeiiiidnooooo/ouuuuy?y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkkklllllll"
    "lllnnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kLatin.size() == 0x180 - 0xC0);

std::string_view wide(char32_t code) {
  switch (code) {
    case 0xC6:
    case 0xE6:
      return "ae";
    case 0xDE:
    case 0xFE:
      return "th";
    case 0xDF:
      return "ss";
    case 0x132:
    case 0x133:
      return "ij";
    case 0x152:
    case 0x153:
      return "oe";
    default:
      return "";
  }
}

void append(std::string& out, char32_t code) {
  if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
  }
  out += static_cast<char>(0x80 | (code & 0x3F));
}

}  // namespace

Character decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  constexpr char32_t kBroken = 0x110000;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {kBroken, 1};
  char32_t code = first & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {kBroken, 1};
    code = code << 6 | (byte(i) & 0x3F);
  }
  return {code, length};
}

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if ((static_cast<unsigned char>(c) & 0x80) == 0) {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      ++i;
      continue;
    }
    const auto [code, length] = decode(text.substr(i));
    if (code >= 0xC0 && code < 0x180) {
      const char plain = kLatin[code - 0xC0];
      if (plain == '?') {
        out += wide(code);
      } else if (plain == '*' || plain == '/') {
        out.append(text.substr(i, length));
      } else {
        out += plain;
      }
    } else if ((code >= 0x410 && code <= 0x42F) || (code >= 0x391 && code <= 0x3A9)) {
      append(out, code + 0x20);
    } else if (code >= 0x400 && code <= 0x40F) {
      append(out, code + 0x50);
    } else if (code == 0x386 || (code >= 0x388 && code <= 0x38A)) {
      append(out, code == 0x386 ? 0x3AC : code + 0x25);
    } else if (code == 0x38C || code == 0x38E || code == 0x38F) {
      append(out, code == 0x38C ? 0x3CC : code + 0x3F);
    } else if (code >= 0x300 && code <= 0x36F) {
      // A combining accent: nothing is left of it.
    } else {
      out.append(text.substr(i, length));
    }
    i += length;
  }
  return out;
}

namespace {

/// Of Romanian and Vietnamese: a capital, and behind it its small letter.
bool alternates(char32_t code) {
  return (code >= 0x1F8 && code <= 0x21F) || (code >= 0x1EA0 && code <= 0x1EF9);
}

}  // namespace

bool is_capital(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z';
  if (code < 0x100) return code >= 0xC0 && code <= 0xDE && code != 0xD7;
  if (code < 0x180) {
    // Capitals and small letters alternate; after U+0138 and U+0178 the other way round.
    const bool odd = (code & 1) != 0;
    return (code >= 0x139 && code <= 0x148) || code >= 0x179 ? odd : !odd;
  }
  if (alternates(code)) return (code & 1) == 0;
  return (code >= 0x386 && code <= 0x3A9 && code != 0x387 && code != 0x390) ||
         (code >= 0x400 && code <= 0x42F) || code == 0x490;
}

bool is_small(char32_t code) {
  if (code < 0x80) return code >= 'a' && code <= 'z';
  if (code < 0x100) return code >= 0xDF && code != 0xF7;
  if (code < 0x180) return !is_capital(code);
  if (alternates(code)) return (code & 1) != 0;
  return code == 0x390 || code == 0x491 || (code >= 0x3AC && code <= 0x3CE) ||
         (code >= 0x430 && code <= 0x45F);
}

}  // namespace sluice::privacy
