#pragma once

#include <string_view>

#include "sql/node.h"

namespace sluice::sql {

/// Whether a parenthesised option is on, as in VACUUM (FULL), REINDEX (CONCURRENTLY off): the last
/// of that name counts; anything but a plain off, false or 0 is on. `list` is the field that holds
/// the DefElem nodes.
bool option_on(const Node& body, std::string_view list, std::string_view name);

}  // namespace sluice::sql
