#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "policy/policy.h"
#include "policy/veil_spec.h"

namespace sluice::policy {

/// How values of one column, and of one class, are shown to somebody.
struct Veil {
  bool masked = false;
  privacy::Method method = privacy::Method::kRedact;  ///< when masked
  /// Name of the rule that decided, or "default"; valid while an Exposure that gave it lives.
  std::string_view rule = "default";
  Predicates predicates = Predicates::kAny;  ///< kAny when not masked
  bool aggregates = true;                    ///< shown; always when not masked
  friend bool operator==(const Veil&, const Veil&) = default;
};

/// The mask and unmask rules that hold for one principal at one target in some circumstances. Cheap
/// to make, to copy and to ask, above all where there are none; keeps their policy alive. Of one
/// who acts for others values are shown as the most veiled of them all sees them.
class Exposure {
 public:
  /// No rule at all: defaults.
  Exposure() = default;

  /// `relation` is the one that values come from (never a view), `column` one of its columns; null
  /// where not known, which no unmask rule with `on` matches and every mask rule does. `catalog` is
  /// asked for partitions and children; without it a mask rule for some table may mean any that
  /// has such.
  Veil veil(const catalog::Relation* relation, const catalog::Column* column, privacy::Class cls,
            const catalog::Catalog* catalog = nullptr) const;
  /// Of a column whose class is not known yet: redacted, unless a rule unmasks whatever it is.
  Veil veil_unknown(const catalog::Relation* relation, const catalog::Column* column,
                    const catalog::Catalog* catalog = nullptr) const;

  /// No rule holds: veil() tells the class's default.
  bool empty() const { return held_.empty() && others_.empty(); }
  /// The same rules, perhaps of another version of the policy: then every veil is the same.
  bool operator==(const Exposure& other) const;

 private:
  friend Exposure exposure(const std::shared_ptr<const Policy>&, const Principal&, const Target&,
                           const Circumstances&);
  friend Exposure exposure_elsewhere(const std::shared_ptr<const Policy>&, const Principal&,
                                     const Target&, const Circumstances&);
  struct Held {
    const Rule* rule;
    bool certain;  ///< else something about the session or the moment is not known
    friend bool operator==(const Held&, const Held&) = default;
  };
  class Weighing;
  struct Value;
  using Rules = std::vector<Held>;  ///< in file order
  static Rules held_by(const Policy& policy, const Principal& principal, const Target& target,
                       const Circumstances& circumstances);
  static Weighing weigh(const Rules& rules, const Value& value);
  static Veil veil_of(const Rules& rules, const Value& value);
  Veil strictest(const Value& value) const;
  void drop_alike();

  std::shared_ptr<const Policy> policy_;  ///< owns the rules
  Rules held_;
  std::vector<Rules> others_;  ///< of those for whom the principal acts, where they differ
};

/// What `policy` says about values that `principal` is shown. Without exposure_moves the same in
/// all circumstances.
Exposure exposure(const std::shared_ptr<const Policy>& policy, const Principal& principal,
                  const Target& target, const Circumstances& circumstances);

/// The same of values that leave for a target that is no database, such as a model: rules that
/// unmask hold only where their `on` names databases or environments.
Exposure exposure_elsewhere(const std::shared_ptr<const Policy>& policy, const Principal& principal,
                            const Target& target, const Circumstances& circumstances);

/// Some mask or unmask rule depends on circumstances.
bool exposure_moves(const Policy& policy);

}  // namespace sluice::policy
