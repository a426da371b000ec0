#include "policy/exposure.h"

#include <algorithm>

#include "policy/rule.h"
#include "policy/veil_match.h"

namespace sluice::policy {
namespace {

/// What masks leave to those who may not see a column: the widest of what they say. Of those that
/// may not hold the narrowest, where no other says anything.
template <typename T>
class Left {
 public:
  void add(const std::optional<T>& said, bool certain) {
    if (!said) return;
    if (certain) {
      widest_ = std::max(widest_.value_or(*said), *said);
    } else {
      narrowest_ = std::min(narrowest_.value_or(*said), *said);
    }
  }
  T over(T fallback) const {
    if (widest_) return *widest_;
    return std::min(narrowest_.value_or(fallback), fallback);
  }

 private:
  std::optional<T> widest_, narrowest_;
};

}  // namespace

/// The rules that speak of one value.
class Exposure::Weighing {
 public:
  void add(const Rule& rule, Truth match) {
    if (!applies(rule, match)) return;
    if (rule.effect == Effect::kUnmask) {
      if (unmask_ == nullptr) unmask_ = &rule;
      return;
    }
    const bool certain = match == Truth::kYes;
    if (mask_ == nullptr) {
      mask_ = &rule;
      certain_ = certain;
    }
    predicates_.add(rule.veil.predicates, certain);
    aggregates_.add(rule.veil.aggregates, certain);
  }

  const Rule* mask() const { return mask_; }
  const Rule* unmask() const { return unmask_; }
  /// By the mask rule if there is one, else by default.
  Veil masked(privacy::Method by_default) const {
    Veil veil{true, by_default, "default", predicates_.over(Predicates::kEquality),
              aggregates_.over(false)};
    if (mask_ == nullptr) return veil;
    veil.rule = mask_->name;
    // In doubt nothing of the value may stay.
    veil.method = certain_ ? mask_->veil.method.value_or(by_default) : privacy::Method::kRedact;
    return veil;
  }
  Veil shown() const {
    Veil veil;
    if (unmask_ != nullptr) veil.rule = unmask_->name;
    return veil;
  }

 private:
  const Rule* mask_ = nullptr;
  const Rule* unmask_ = nullptr;
  bool certain_ = false;
  Left<Predicates> predicates_;
  Left<bool> aggregates_;
};

Exposure::Weighing Exposure::weigh(const catalog::Relation* relation, const catalog::Column* column,
                                   std::optional<privacy::Class> cls,
                                   const catalog::Catalog* catalog) const {
  Weighing weighing;
  const Origin origin{relation, column, catalog};
  for (const Held& held : held_) {
    const Truth values = matches_values(*held.rule, origin, cls);
    weighing.add(*held.rule, held.certain ? values : both(values, Truth::kMaybe));
  }
  return weighing;
}

Veil Exposure::veil(const catalog::Relation* relation, const catalog::Column* column,
                    privacy::Class cls, const catalog::Catalog* catalog) const {
  const Weighing weighing = weigh(relation, column, cls, catalog);
  const bool masked = weighing.mask() != nullptr ||
                      (weighing.unmask() == nullptr && privacy::masked_by_default(cls));
  return masked ? weighing.masked(privacy::info(cls).method) : weighing.shown();
}

Veil Exposure::veil_unknown(const catalog::Relation* relation, const catalog::Column* column,
                            const catalog::Catalog* catalog) const {
  const Weighing weighing = weigh(relation, column, std::nullopt, catalog);
  if (weighing.mask() == nullptr && weighing.unmask() != nullptr) return weighing.shown();
  Veil veil = weighing.masked(privacy::Method::kRedact);
  veil.method = privacy::Method::kRedact;
  // Without a rule that unmasks it would be masked all the same.
  if (weighing.unmask() == nullptr) veil.rule = "default";
  return veil;
}

bool Exposure::operator==(const Exposure& other) const {
  return std::equal(held_.begin(), held_.end(), other.held_.begin(), other.held_.end(),
                    [](const Held& a, const Held& b) {
                      return a.certain == b.certain &&
                             (a.rule == b.rule || a.rule->text == b.rule->text);
                    });
}

Exposure exposure(const std::shared_ptr<const Policy>& policy, const Principal& principal,
                  const Target& target, const Circumstances& circumstances) {
  Exposure out;
  for (const Rule* rule : policy->veils()) {
    if (!matches_session(*rule, principal, target, nullptr)) continue;
    const Truth moment = matches_moment(*rule, principal, circumstances, nullptr);
    if (applies(*rule, moment)) out.held_.push_back({rule, moment == Truth::kYes});
  }
  if (!out.held_.empty()) out.policy_ = policy;
  return out;
}

Exposure exposure_elsewhere(const std::shared_ptr<const Policy>& policy, const Principal& principal,
                            const Target& target, const Circumstances& circumstances) {
  Exposure out = exposure(policy, principal, target, circumstances);
  std::erase_if(out.held_, [](const Exposure::Held& held) {
    const On& on = held.rule->on;
    return held.rule->effect == Effect::kUnmask && !on.databases && !on.environments;
  });
  return out;
}

bool exposure_moves(const Policy& policy) {
  return std::any_of(policy.veils().begin(), policy.veils().end(),
                     [](const Rule* rule) { return rule->when.on_circumstances(); });
}

}  // namespace sluice::policy
