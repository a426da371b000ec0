#pragma once

#include <cstdint>

namespace sluice::mask {

/// Characters that may stand for each other: of one script, case and length in UTF-8.
struct Letters {
  char32_t first = 0;
  uint16_t count = 0;  ///< 0: what separates, and stays
  uint8_t step = 1;    ///< 2 where a script's upper and lower case alternate

  char32_t at(uint16_t index) const { return first + char32_t{index} * step; }
  uint16_t index(char32_t c) const { return static_cast<uint16_t>((c - first) / step); }
};

/// letters_of for ASCII.
inline Letters ascii_letters(unsigned char c) {
  if (c >= '0' && c <= '9') return {'0', 10};
  if (c >= 'a' && c <= 'z') return {'a', 26};
  if (c >= 'A' && c <= 'Z') return {'A', 26};
  return {};
}

/// The letters that may stand for `c`. Every letter and digit has some; also what is not known.
Letters letters_of(char32_t c);

}  // namespace sluice::mask
