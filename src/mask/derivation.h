#pragma once

#include <string_view>

#include "mask/audience.h"
#include "sql/statement_facts.h"

/// What an expression still tells of the column that it is made of.
namespace sluice::mask {

/// The value itself, perhaps cast to a text that the masks of its class are made for.
bool is_itself(const sql::Source& source, const ColumnView& view);

/// Tells how many there are, or whether there is one, and nothing else of them. Of what a function
/// makes of them it would tell more.
bool tells_presence(const sql::Source& source);

/// A number made of many.
bool is_sum(const sql::Source& source);

/// A function that fails, or does not, whatever it is called with: whether others do would tell
/// something of the value, though nobody sees what they return.
bool is_steady(std::string_view function);

/// Whether a function may read tables in ways that nobody can see.
bool is_unreadable(const sql::FunctionUse& use, const catalog::Catalog& catalog);

}  // namespace sluice::mask
