#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/node.h"

namespace sluice::sql {

// Cutting pieces out of a script, so that a safer statement keeps the author's own expressions.

/// From the first word to the last: without the blanks and comments around.
std::string_view core_of(std::string_view text);

/// From `begin` up to the comma, closing parenthesis or semicolon that ends the piece.
std::string_view piece_at(std::string_view script, size_t begin);

/// The comma-separated commands of an ALTER TABLE (INDEX, VIEW, …) statement, in order.
std::vector<std::string_view> alter_commands(std::string_view statement);

/// The statement with `addition` put after the first word `word` (lower case); unchanged if the
/// word is not there.
std::string with_word_after(std::string_view statement, std::string_view word,
                            std::string_view addition);

/// The statement without the first word `word` (lower case).
std::string without_word(std::string_view statement, std::string_view word);

/// An identifier as SQL needs it: quoted where it must be.
std::string quote_ident(std::string_view identifier);

/// A string literal.
std::string literal(std::string_view text);

/// Names in a list field of String nodes: the columns of a key, the parts of a name.
std::vector<std::string> names_in(const Node& node, std::string_view list);

/// Names joined by `separator`, quoted as identifiers.
std::string joined(const std::vector<std::string>& names, std::string_view separator = ", ");

}  // namespace sluice::sql
