#pragma once

#include <string>
#include <string_view>

namespace sluice::sql {

/// A statement for people to read: where it stands on one long line, each of its clauses goes on a
/// line of its own, as deep as its parentheses. Nothing but white space between words changes, so
/// that it says the same; a text that has lines already, or is short, comes back as it is.
std::string laid_out(std::string_view text);

}  // namespace sluice::sql
