#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::mcp {

/// Rows that a page of a statement's result begins behind, at most: all of them are read again.
inline constexpr size_t kFurthest = 100'000;

/// Where the page begins that follows `rows` rows, for who asks to show again. It holds nothing but
/// that number and a mark of the statement: nobody has to keep anything, and nobody gets further by
/// making one up than by the statement itself.
std::string page_cursor(std::string_view database, std::string_view statement, size_t rows);

/// How many rows are before the page. Errors: kInvalidInput, with what to do, for one of another
/// statement or none at all; kLimit beyond kFurthest.
Result<size_t> rows_before(std::string_view cursor, std::string_view database,
                           std::string_view statement);

}  // namespace sluice::mcp
