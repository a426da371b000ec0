#include "policy/exposure.h"

#include <algorithm>

#include "policy/chain.h"
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

/// Where two ways to mask differ nothing of the value may stay.
Veil stricter(const Veil& one, const Veil& other) {
  if (!one.masked) return other.masked ? other : one;
  if (!other.masked) return one;
  Veil out = one;
  if (one.method != other.method) {
    if (other.method == privacy::Method::kRedact) out.rule = other.rule;
    out.method = privacy::Method::kRedact;
  }
  out.predicates = std::min(one.predicates, other.predicates);
  out.aggregates = one.aggregates && other.aggregates;
  return out;
}

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

struct Exposure::Value {
  Origin origin;
  std::optional<privacy::Class> cls;  ///< none: not known yet
};

Exposure::Weighing Exposure::weigh(const Rules& rules, const Value& value) {
  Weighing weighing;
  for (const Held& held : rules) {
    const Truth values = matches_values(*held.rule, value.origin, value.cls);
    weighing.add(*held.rule, held.certain ? values : both(values, Truth::kMaybe));
  }
  return weighing;
}

Veil Exposure::veil_of(const Rules& rules, const Value& value) {
  const Weighing weighing = weigh(rules, value);
  if (value.cls) {
    const bool masked = weighing.mask() != nullptr ||
                        (weighing.unmask() == nullptr && privacy::masked_by_default(*value.cls));
    return masked ? weighing.masked(privacy::info(*value.cls).method) : weighing.shown();
  }
  if (weighing.mask() == nullptr && weighing.unmask() != nullptr) return weighing.shown();
  Veil veil = weighing.masked(privacy::Method::kRedact);
  veil.method = privacy::Method::kRedact;
  // Without a rule that unmasks it would be masked all the same.
  if (weighing.unmask() == nullptr) veil.rule = "default";
  return veil;
}

Veil Exposure::strictest(const Value& value) const {
  Veil veil = veil_of(held_, value);
  for (const Rules& rules : others_) veil = stricter(veil, veil_of(rules, value));
  return veil;
}

Veil Exposure::veil(const catalog::Relation* relation, const catalog::Column* column,
                    privacy::Class cls, const catalog::Catalog* catalog) const {
  return strictest({{relation, column, catalog}, cls});
}

Veil Exposure::veil_unknown(const catalog::Relation* relation, const catalog::Column* column,
                            const catalog::Catalog* catalog) const {
  return strictest({{relation, column, catalog}, std::nullopt});
}

bool Exposure::operator==(const Exposure& other) const {
  const auto same = [](const Rules& one, const Rules& two) {
    return std::equal(
        one.begin(), one.end(), two.begin(), two.end(), [](const Held& a, const Held& b) {
          return a.certain == b.certain && (a.rule == b.rule || a.rule->text == b.rule->text);
        });
  };
  return same(held_, other.held_) && std::equal(others_.begin(), others_.end(),
                                                other.others_.begin(), other.others_.end(), same);
}

Exposure::Rules Exposure::held_by(const Policy& policy, const Principal& principal,
                                  const Target& target, const Circumstances& circumstances) {
  Rules out;
  for (const Rule* rule : policy.veils()) {
    if (!matches_session(*rule, principal, target, nullptr)) continue;
    const Truth moment = matches_moment(*rule, principal, circumstances, nullptr);
    if (applies(*rule, moment)) out.push_back({rule, moment == Truth::kYes});
  }
  return out;
}

/// Those for whom the same rules hold see the same.
void Exposure::drop_alike() {
  std::vector<Rules> all = std::move(others_);
  others_.clear();
  for (Rules& rules : all) {
    if (rules != held_ && std::find(others_.begin(), others_.end(), rules) == others_.end())
      others_.push_back(std::move(rules));
  }
}

Exposure exposure(const std::shared_ptr<const Policy>& policy, const Principal& principal,
                  const Target& target, const Circumstances& circumstances) {
  Exposure out;
  if (policy->veils().empty()) return out;
  if (!principal.chain) {
    out.held_ = Exposure::held_by(*policy, principal, target, circumstances);
  } else {
    for (const Principal& each : everyone(principal))
      out.others_.push_back(Exposure::held_by(*policy, each, target, circumstances));
    out.held_ = out.others_.front();
    out.drop_alike();
  }
  if (!out.empty()) out.policy_ = policy;
  return out;
}

Exposure exposure_elsewhere(const std::shared_ptr<const Policy>& policy, const Principal& principal,
                            const Target& target, const Circumstances& circumstances) {
  Exposure out = exposure(policy, principal, target, circumstances);
  const auto of_databases = [](const Exposure::Held& held) {
    const On& on = held.rule->on;
    return held.rule->effect == Effect::kUnmask && !on.databases && !on.environments;
  };
  std::erase_if(out.held_, of_databases);
  for (auto& rules : out.others_) std::erase_if(rules, of_databases);
  out.drop_alike();
  return out;
}

bool exposure_moves(const Policy& policy) {
  return std::any_of(policy.veils().begin(), policy.veils().end(),
                     [](const Rule* rule) { return rule->when.on_circumstances(); });
}

}  // namespace sluice::policy
