#pragma once

#include <string>

#include <boost/json.hpp>

#include "gateway/gateway.h"
#include "policy/budget.h"
#include "policy/ledger.h"

namespace sluice::control {

/// What is used and left of budgets, as JSON.
boost::json::array to_json(const std::vector<policy::BudgetState>& states);

/// All that the gateway knows; where `reader` is given, of that user and of agents that act for
/// them.
boost::json::array all_budgets(gateway::Gateway& gateway, const std::string& reader);

/// Of whoever has shown `credential`: all that count them, of the run where they have named one.
boost::json::array own_budgets(gateway::Gateway& gateway, const std::string& user,
                               const std::string& credential, const std::string& run);

/// Of whoever has shown `credential`: amounts of which less than a fifth is left.
boost::json::array low_budgets(gateway::Gateway& gateway, const std::string& user,
                               const std::string& credential, const std::string& run);

}  // namespace sluice::control
