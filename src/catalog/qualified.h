#pragma once

#include <string>
#include <string_view>

namespace sluice::catalog {

/// `text` with every `from` made `to`; internal to the texts of queries.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

/// Spells out the operators that stand in a text between blanks: OPERATOR(pg_catalog.=).
std::string qualified(std::string_view text);

}  // namespace sluice::catalog
