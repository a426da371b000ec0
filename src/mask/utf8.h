#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace sluice::mask {

struct Character {
  char32_t code = 0;
  uint8_t bytes = 1;
  bool valid = false;  ///< of an ill-formed sequence, `bytes` is 1 and `code` the byte
};

/// The character that begins at `at`, which is less than the text's size.
Character character_at(Bytes text, size_t at);

/// Appends `c`, a Unicode scalar value.
void append_utf8(std::string& out, char32_t c);

/// How many characters `text` has; ill-formed bytes count one each.
size_t count_characters(Bytes text);

/// The first `count` characters.
Bytes first_characters(Bytes text, size_t count);

}  // namespace sluice::mask
