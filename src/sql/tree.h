#pragma once

#include <functional>
#include <string>

#include "sql/node.h"

namespace sluice::sql {

/// Parses `text` and calls `use` with the tree's root. False: not parsable, `why` says so and
/// `position` (if not null) where.
bool with_tree(const std::string& text, std::string& why, int* position,
               const std::function<bool(const Node&)>& use);

}  // namespace sluice::sql
