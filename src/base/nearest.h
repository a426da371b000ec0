#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// How many characters have to be put in, taken out or replaced to make one of the other
/// (Levenshtein).
size_t edit_distance(std::string_view a, std::string_view b);

/// What somebody may have meant who wrote `word`: the one that begins so, or one that differs in
/// two characters at most. Empty: none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace sluice
