#include "policy/chain.h"

#include <algorithm>

namespace sluice::policy {
namespace {

void add(std::vector<std::string>& list, std::string text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

template <typename T>
void tighten(std::optional<Bound<T>>& bound, const std::optional<Bound<T>>& by) {
  if (by && (!bound || by->most < bound->most)) bound = by;
}

void tighten(Limits& limits, const Limits& by, const std::string& user) {
  tighten(limits.rows, by.rows);
  tighten(limits.bytes, by.bytes);
  tighten(limits.duration, by.duration);
  tighten(limits.statements_per_minute, by.statements_per_minute);
  tighten(limits.rows_changed, by.rows_changed);
  tighten(limits.tables_changed, by.tables_changed);
  if (by.capture && (!limits.capture || by.capture->most > limits.capture->most))
    limits.capture = by.capture;
  if (by.statements_per_minute) limits.rates_of_others.push_back({user, *by.statements_per_minute});
}

/// Whatever is stricter beats what is not.
int strictness(Effect effect) {
  return effect == Effect::kAllow ? 0 : effect == Effect::kHold ? 1 : 2;
}

/// All that must be approved; nothing where something of it is nobody's to approve.
std::vector<std::shared_ptr<const ApprovalSpec>> all_holds(
    const std::vector<DecisionPtr>& decisions) {
  std::vector<std::shared_ptr<const ApprovalSpec>> out;
  for (const auto& decision : decisions) {
    if (decision->effect != Effect::kHold) continue;
    if (decision->holds.empty()) return {};
    for (const auto& spec : decision->holds) {
      if (std::find(out.begin(), out.end(), spec) == out.end()) out.push_back(spec);
    }
  }
  return out;
}

}  // namespace

std::vector<Principal> everyone(const Principal& principal) {
  if (!principal.chain) return {principal};
  std::vector<Principal> out;
  out.reserve(principal.chain->size());
  for (const Identity& identity : *principal.chain) {
    Principal& each = out.emplace_back(principal);
    static_cast<Identity&>(each) = identity;
    each.chain = nullptr;
    if (out.size() > 1)
      each.through = std::shared_ptr<const Identity>(principal.chain, &principal.chain->front());
  }
  return out;
}

std::string for_whom(const Principal& principal) {
  return principal.through ? " for " + principal.user : std::string();
}

DecisionPtr strictest(const std::vector<Principal>& everyone,
                      const std::vector<DecisionPtr>& decisions) {
  if (decisions.size() == 1) return decisions.front();
  const auto first = std::max_element(decisions.begin(), decisions.end(),
                                      [](const DecisionPtr& a, const DecisionPtr& b) {
                                        return strictness(a->effect) < strictness(b->effect);
                                      });
  auto out = std::make_shared<Decision>(**first);
  out->matched.clear();
  out->shadow.clear();
  out->limits = decisions.front()->limits;
  for (size_t i = 0; i < decisions.size(); ++i) {
    const Decision& each = *decisions[i];
    const auto known = [&](const std::string& rule) {
      const auto& matched = decisions.front()->matched;
      return std::find(matched.begin(), matched.end(), rule) != matched.end();
    };
    for (const auto& rule : each.matched)
      add(out->matched, known(rule) ? rule : rule + for_whom(everyone[i]));
    for (const auto& rule : each.shadow) add(out->shadow, rule);
    if (i > 0) tighten(out->limits, each.limits, everyone[i].user);
  }
  if (out->effect == Effect::kHold) out->holds = all_holds(decisions);
  return out;
}

}  // namespace sluice::policy
