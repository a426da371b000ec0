#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::control {

/// The other ways to write a telephone number, as digits alone: with its country's code, with the
/// prefix that is dialled within the country (ITU-T E.164 and its annex of trunk prefixes), with
/// both, with neither, and with 011 before the code. Where the number does not tell its country,
/// those of every country that it could be of. Empty for what cannot be a telephone number.
std::vector<std::string> phone_spellings(std::string_view value);

}  // namespace sluice::control
