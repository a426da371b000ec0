#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sluice::audit {

/// Longer words are told apart by this many of their first bytes.
inline constexpr size_t kLongestWord = 64;

/// Calls `use` for each word of a text, in small letters (of ASCII): a run of letters, digits, '_'
/// and bytes beyond ASCII. The same as SQLite's tokenizer "ascii" with '_' as a token character.
template <typename Use>
void for_each_word(Bytes text, Use use) {
  char word[kLongestWord];
  size_t size = 0;
  bool in_word = false;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool letter = (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z');
    if (letter || (u >= '0' && u <= '9') || u == '_' || u >= 0x80) {
      in_word = true;
      if (size < kLongestWord) word[size++] = letter ? static_cast<char>(u | 0x20) : c;
    } else if (in_word) {
      use(Bytes(word, size));
      in_word = false;
      size = 0;
    }
  }
  if (in_word) use(Bytes(word, size));
}

/// One word that is looked for.
struct WantedWord {
  std::string word;
  bool beginning = false;  ///< written "word*"
};

/// What `--words` asks for: all of them are to be there, in any order.
std::vector<WantedWord> wanted_words(Bytes query);

/// Whether a text has all words that `query` asks for.
bool has_words(Bytes text, Bytes query);

/// The same in the language of SQLite's FTS5; empty if nothing is asked for.
std::string match_expression(Bytes query);

}  // namespace sluice::audit
