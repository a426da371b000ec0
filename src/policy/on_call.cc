#include "policy/on_call.h"

#include <algorithm>

namespace sluice::policy {
namespace {

void add(std::vector<std::string>& all, const std::vector<std::string>& more) {
  for (const auto& group : more) {
    if (std::find(all.begin(), all.end(), group) == all.end()) all.push_back(group);
  }
}

}  // namespace

std::vector<std::string> ApprovalStage::groups_at(int64_t asked_micros, int64_t at_micros) const {
  std::vector<std::string> out;
  for (const OnCall& entry : on_call) {
    if (entry.window.contains(at_micros)) add(out, entry.groups);
  }
  if (out.empty()) out = groups;
  for (const Escalation& step : escalate) {
    const auto after = std::chrono::duration_cast<std::chrono::microseconds>(step.after).count();
    if (at_micros - asked_micros >= after) add(out, step.groups);
  }
  return out;
}

std::vector<std::string> ApprovalStage::groups_ever() const {
  std::vector<std::string> out = groups;
  for (const OnCall& entry : on_call) add(out, entry.groups);
  for (const Escalation& step : escalate) add(out, step.groups);
  return out;
}

}  // namespace sluice::policy
