#include "gateway/passed_limit.h"

#include <utility>

#include "gateway/budgets.h"
#include "gateway/refusal_facts.h"

namespace sluice::gateway {

std::shared_ptr<const policy::Decision> passed_limit(const policy::Decision& decision,
                                                     const Admission& admission,
                                                     const std::string& rule,
                                                     std::string_view limit, uint64_t most,
                                                     std::string message) {
  auto refused = std::make_shared<policy::Decision>(decision);
  refused->effect = policy::Effect::kDeny;
  refused->rule = rule;
  refused->sqlstate = "42501";
  refused->message = std::move(message);
  refused->hint = "Ask for less (WHERE, LIMIT), or ask for a wider limit.";
  blame_budget(*refused);
  refused->detail =
      refusal_detail(*refused, {{"user", admission.user},
                                {"database", admission.database->config().name},
                                {"environment", admission.database->config().environment},
                                {"limited", limit},
                                {"limit", most}});
  return refused;
}

}  // namespace sluice::gateway
