#pragma once

#include <string>
#include <string_view>

namespace sluice::privacy {

/// Lower case without accents, for comparing words: "Straße" is "strasse", "Número" is "numero".
/// Cyrillic and Greek capitals become small ones; other scripts and broken UTF-8 stay as they are.
std::string fold(std::string_view text);

/// One character of UTF-8 at the beginning of `text` and how many bytes it takes; broken bytes
/// count as one character each, above all real ones.
struct Character {
  char32_t code;
  size_t length;
};
Character decode(std::string_view text);

/// Letters of any script that has capitals.
bool is_capital(char32_t code);
bool is_small(char32_t code);

}  // namespace sluice::privacy
