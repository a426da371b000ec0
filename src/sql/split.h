#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

/// The statements of a text, one by one, as PostgreSQL's grammar divides it; comments and blanks
/// around them stay with one of them or are left out. Empty for a text that cannot be parsed.
/// Needs a stack of kAnalyserStackBytes.
std::vector<std::string_view> split_statements(std::string_view text);

}  // namespace sluice::sql
