#include "control/budget_report.h"

#include <algorithm>

#include "base/clock.h"
#include "gateway/identified.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

/// Less than one of so many parts is little.
constexpr uint64_t kParts = 5;

json::object describe(const policy::BudgetState& state) {
  json::object out{
      {"budget", state.budget}, {"per", policy::name_of(state.per)}, {"of", state.payer}};
  if (state.renewed_micros != 0) out["renewed"] = format_time(state.renewed_micros);
  if (!state.ask.empty()) out["ask"] = state.ask;
  return out;
}

json::object amount_of(const policy::BudgetState& state, size_t i) {
  const uint64_t most = *state.most[i];
  return {{"amount", policy::name_of(static_cast<policy::Amount>(i))},
          {"used", state.used[i]},
          {"most", most},
          {"left", most - std::min(most, state.used[i])}};
}

std::vector<policy::BudgetState> states_of(gateway::Gateway& gateway, const std::string& user,
                                           const std::string& credential, const std::string& run) {
  const auto policy = gateway.policy();
  const auto directory = gateway.directory();
  const auto* known = directory->find(user);
  if (policy->budgets().empty() || known == nullptr) return {};
  const auto payer =
      policy::payer_of(gateway::principal_of(*directory, *known, directory->credential(credential),
                                             {}, wall_micros()),
                       run);
  return gateway.agents().ledger.states(*policy, wall_micros(), &payer);
}

}  // namespace

json::array to_json(const std::vector<policy::BudgetState>& states) {
  json::array all;
  for (const auto& state : states) {
    json::array amounts;
    for (size_t i = 0; i < policy::kAmounts; ++i) {
      if (state.most[i]) amounts.push_back(amount_of(state, i));
    }
    auto out = describe(state);
    out["amounts"] = std::move(amounts);
    all.push_back(std::move(out));
  }
  return all;
}

json::array all_budgets(gateway::Gateway& gateway, const std::string& reader) {
  auto states = gateway.agents().ledger.states(*gateway.policy(), wall_micros());
  const auto is_theirs = [&](const policy::BudgetState& state) {
    return state.payer == reader || state.payer.starts_with(reader + " run ");
  };
  if (!reader.empty()) std::erase_if(states, [&](const auto& state) { return !is_theirs(state); });
  return to_json(states);
}

json::array own_budgets(gateway::Gateway& gateway, const std::string& user,
                        const std::string& credential, const std::string& run) {
  return to_json(states_of(gateway, user, credential, run));
}

json::array low_budgets(gateway::Gateway& gateway, const std::string& user,
                        const std::string& credential, const std::string& run) {
  json::array low;
  for (const auto& state : states_of(gateway, user, credential, run)) {
    for (size_t i = 0; i < policy::kAmounts; ++i) {
      if (!state.most[i]) continue;
      const uint64_t left = *state.most[i] - std::min(*state.most[i], state.used[i]);
      if (left >= *state.most[i] / kParts) continue;
      auto out = describe(state);
      for (auto& [name, value] : amount_of(state, i)) out[name] = value;
      low.push_back(std::move(out));
    }
  }
  return low;
}

}  // namespace sluice::control
