#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "privacy/classes.h"

/// What one value by itself looks like.
namespace sluice::privacy {

/// Whether a value could be of a class that its name speaks for. Generous: only what is clearly
/// something else is refused ("ok" for a telephone number).
bool plausible(Class cls, std::string_view value);

/// How the parts of a name of a person are written: two to four capitalised words and initials,
/// none of them a thing's or a firm's. Of one word (given or family name) `single` must be true.
bool looks_like_person(std::string_view value, bool single = false);

/// Whether a Chinese or Korean text begins with a family name.
bool starts_with_family_name(std::string_view value);

/// Whether a value is written in a script without capitals, by its first character.
bool has_no_case(std::string_view value);

/// "Smith, Jones and Sons", "Acme GmbH".
bool looks_like_firm(std::string_view value);

/// Year of a date in one of the usual forms ("1950-06-06", "19500606", "06.06.1950", "6 June 1950",
/// a timestamp); 0 if it is none.
int year_of_date(std::string_view value);

/// Letters and digits mixed without sense, as keys and tokens are: not hexadecimal, no UUID.
bool looks_random(std::string_view value);

/// Sentences rather than names or codes.
bool looks_like_prose(std::string_view value);

/// NULL written as text: "", "-", "n/a", "unknown".
bool is_placeholder(std::string_view value);

/// The digits of a value.
std::string digits_of(std::string_view value);

}  // namespace sluice::privacy
