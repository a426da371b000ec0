#pragma once

#include <vector>

#include "privacy/labels.h"
#include "sql/statement_facts.h"

namespace sluice::mask {

/// What a statement puts from columns of a class that is hidden by default into columns of
/// permanent tables that are not hidden, by whomever: those who may see the one could otherwise
/// show it to everybody through the other. What only tells how many there are, or is a number made
/// of many, is no copy. Texts in which only parts are sensitive are found where they come to lie.
std::vector<privacy::Copy> copied(const sql::StatementFacts& facts, const catalog::Catalog& catalog,
                                  const privacy::Labels& labels);

}  // namespace sluice::mask
