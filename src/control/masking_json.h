#pragma once

#include <boost/json.hpp>

#include "mask/audience.h"
#include "mask/statement_plan.h"
#include "sql/statement_facts.h"

namespace sluice::control {

/// What `plan`, which was made of `facts` for `audience`, does with each column that is returned,
/// and which columns are refused in conditions, as JSON with stable names (docs/policy.md).
boost::json::object masking_json(const sql::StatementFacts& facts, const mask::Audience& audience,
                                 const mask::StatementPlan& plan);

}  // namespace sluice::control
