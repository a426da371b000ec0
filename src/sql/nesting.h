#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::sql {

/// An upper bound for the depth of the tree that a text can parse to, found without recursion in
/// one pass: everything that can chain or nest counts, and only what certainly ends a chain (a
/// comma or semicolon of the same parenthesis) takes it back.
size_t depth_bound(std::string_view text);

}  // namespace sluice::sql
