#pragma once

#include <string_view>
#include <vector>

#include "privacy/labels.h"
#include "sql/statement_facts.h"

namespace sluice::mask {

/// What a statement puts from columns of a class that is hidden by default into columns of
/// permanent tables that are not hidden, by whomever: those who may see the one could otherwise
/// show it to everybody through the other. What only tells how many there are, or is a number made
/// of many, is no copy. Texts in which only parts are sensitive, and large objects, are searched
/// where they come to lie: they are told where nothing is searched, and, where they are disguised
/// (reversed, encoded), everywhere, as made of all classes.
/// Those into temporary tables have `kTemporarySchema`; `held`: what a session has put into its
/// own.
std::vector<privacy::Copy> copied(const sql::StatementFacts& facts, const catalog::Catalog& catalog,
                                  const privacy::Labels& labels,
                                  const std::vector<privacy::Copy>& held = {});

inline constexpr std::string_view kTemporarySchema = "pg_temp";

/// More of them than these are not told apart in a session.
inline constexpr size_t kMostHeld = 256;

/// Remembers what a statement has put into a session's temporary tables. Beyond `kMostHeld` all of
/// them count from then on as made of every class: forgetting any would show what is in it.
void hold(std::vector<privacy::Copy>& held, const std::vector<privacy::Copy>& more);

}  // namespace sluice::mask
