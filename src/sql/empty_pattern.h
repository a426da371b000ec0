#pragma once

#include <string_view>

namespace sluice::sql {

/// Whether a regular expression finds the empty text, and so something in each text: all that it
/// asks for may be left out, in some branch. Where it asks for both ends of the text, or is written
/// in a way that is not looked through (classes of options, references back), no. Pure.
bool finds_empty(std::string_view pattern);

}  // namespace sluice::sql
