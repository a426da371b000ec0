#pragma once

#include "policy/case.h"

namespace sluice::policy {

/// The refusal by a deny or hold rule that applies.
Decision refuse_by_rule(const Case& the_case, const Candidate& candidate);

/// The refusal of what no rule allows: note number `note`.
Decision refuse_by_default(const Case& the_case, size_t note);

/// The refusal of a text that could not be analysed.
Decision refuse_unanalysable(const Case& the_case, const sql::StatementFacts& facts);

}  // namespace sluice::policy
