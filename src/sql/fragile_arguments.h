#pragma once

#include <cstddef>
#include <string_view>

#include "sql/lineage.h"

namespace sluice::sql {

/// What to call an argument of one of PostgreSQL's own functions on whose value it depends whether
/// the call fails: the unit of date_trunc, the key of json_build_object, a pattern, a number that
/// must not be negative. Empty for all others. `argument` counts from 0.
/// (PostgreSQL 15, chapter 9: Functions and Operators.)
std::string_view fragile_argument(std::string_view function, size_t argument);

/// Whether functions have put a text together or taken it apart: whether it is NULL, a document or
/// a literal of another type, who wrote them decides.
bool is_made(const Value& value);

/// Operators of LIKE, whose right side is a pattern that may be none.
bool is_like(std::string_view name);

/// Whether it depends on what a value is made of whether it is NULL: a function that is not called
/// for NULL then fails, or does not, by that.
bool may_be_null(const Value& value);

}  // namespace sluice::sql
