#pragma once

#include <string>
#include <string_view>

/// Common names of people in many countries: evidence for columns whose own names say nothing.
/// Nothing is taken for a person because one word is on a list: of a whole column a large part
/// must be.
namespace sluice::privacy {

/// Of a word as fold() gives it.
bool is_given_name(std::string_view word);

/// By the list, and by endings that only family names have ("-owski", "-sdottir", "-opoulos").
bool is_family_name(std::string_view word);

/// Whether a text begins with a common Japanese family name, and how long that is in bytes.
size_t japanese_family_name(std::string_view text);

/// The names of a value as a person's: 0 if none is known, up to 1 where a given and a family name
/// stand together.
double known_as_person(std::string_view value);

/// The lists, of words with spaces between them.
std::string_view given_names();
std::string_view family_names();

}  // namespace sluice::privacy
