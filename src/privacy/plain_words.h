#pragma once

#include <string_view>

namespace sluice::privacy {

/// What a capitalised word is when it is no name of a person.
enum class PlainWord : unsigned char {
  kUnknown,  ///< perhaps a name
  kOpener,   ///< begins sentences and may stand before a name: "Please", "Kunde", "Dear"
  kThing,    ///< names things, firms, places: what it belongs to is no person
  kArticle,  ///< what follows is a thing
  kSuffix,   ///< of a firm
};

/// Of a word as fold() gives it.
PlainWord plain_word(std::string_view word);

/// Small words within names of people: "van", "de la", "bin".
bool is_particle(std::string_view word);

}  // namespace sluice::privacy
