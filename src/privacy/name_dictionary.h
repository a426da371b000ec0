#pragma once

#include <span>
#include <string_view>

#include "privacy/classes.h"
#include "privacy/name_words.h"

namespace sluice::privacy {

/// Words (folded, separated by blanks) of English, German, French, Spanish, Portuguese, Italian,
/// Dutch, Polish and, in part, Nordic and other languages.
struct DictionaryLine {
  Concept means;
  std::string_view words;
};
std::span<const DictionaryLine> person_words();  ///< people, contact, place, time
std::span<const DictionaryLine> number_words();  ///< identifiers, money, health, credentials
std::span<const DictionaryLine> thing_words();   ///< what is not about people

/// Names of numbering schemes: "cpf" is br_cpf.
struct SchemeWord {
  std::string_view word;
  Class cls;
};
std::span<const SchemeWord> scheme_words();

}  // namespace sluice::privacy
