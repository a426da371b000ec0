#pragma once

#include "policy/case.h"

namespace sluice::policy {

/// The refusal by a deny or hold rule that applies. With `now` it tells what its conditions on the
/// moment were held against.
Decision refuse_by_rule(const Case& the_case, const Candidate& candidate, const Circumstances* now);

/// The refusal of what no rule allows: note number `note`. With `now` it tells of rules that would
/// at another moment.
Decision refuse_by_default(const Case& the_case, size_t note, const Circumstances* now);

/// The refusal of a text that could not be analysed.
Decision refuse_unanalysable(const Case& the_case, const sql::StatementFacts& facts);

}  // namespace sluice::policy
