#pragma once

#include <boost/json.hpp>

#include "policy/policy.h"
#include "policy/replay.h"
#include "sql/statement_facts.h"

namespace sluice::control {

// Facts and verdicts as JSON with stable field names (docs/policy.md).

/// `catalog` (may be null) gives columns their names.
boost::json::object to_json(const sql::StatementFacts& facts, const catalog::Catalog* catalog);
boost::json::object to_json(const policy::Decision& decision);
boost::json::array to_json(const std::vector<policy::RuleTrace>& rules);
boost::json::object to_json(const policy::ReplayReport& report);

}  // namespace sluice::control
