#include "gateway/notified.h"

#include <algorithm>

namespace sluice::gateway {

void Notified::bound(const std::shared_ptr<const policy::Decision>& decision) {
  if (!decision->limits.rows && !decision->limits.bytes) return;
  by = by && by != decision ? tightened(*by, decision->limits) : decision;
}

bool Notified::take(size_t bytes) {
  if (passed) return false;
  taken.add({1, bytes, 0});
  const auto& limits = by->limits;
  passed = (limits.rows && taken.rows > limits.rows->most) ||
           (limits.bytes && taken.bytes > limits.bytes->most);
  return !passed;
}

void Notified::end() {
  by.reset();
  taken = {};
  passed = false;
}

bool may_listen(const sql::StatementFacts& facts) {
  return facts.dynamic_sql || !facts.functions.empty() ||
         std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
           return action.kind == sql::ActionKind::kNotify || action.kind == sql::ActionKind::kCall;
         });
}

}  // namespace sluice::gateway
