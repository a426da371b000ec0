#pragma once

#include <string>
#include <string_view>

namespace sluice::sql {

/// Appends `text` to `out` with its literals left out, so that texts that differ in nothing else
/// come out the same: `WHERE id = 4` and `WHERE id = 17`. Where `facts.depends_on_literals` is
/// false for one such text, the same facts hold for all of them.
///
/// Two texts that come out the same must be the same to PostgreSQL's lexer but for the values, so
/// only a small part of its language is taken: words, quoted names, operators, unsigned numbers of
/// up to nine digits (with or without a fraction), plain '…' strings and unnested /* comments */.
/// False for a text with anything else (backslashes, $, E'', U&'', --, control characters, other
/// than ASCII outside of strings): `out` is then of no use.
bool normalise(std::string_view text, std::string& out);

}  // namespace sluice::sql
