#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

/// What in a script of schema changes may stop or surprise clients that were written before it: one
/// line for each statement or command that is not known to be harmless to them, "ALTER TABLE:
/// column \"x\" is dropped". Empty: all of it only adds. Data (INSERT, SELECT) and settings do not
/// count. What cannot be parsed, and every kind of statement that is not known, is named too. Needs
/// a stack of kAnalyserStackBytes.
std::vector<std::string> breaks_older_clients(std::string_view script);

}  // namespace sluice::sql
