#pragma once

#include <array>
#include <optional>

#include "mask/strategy.h"
#include "privacy/classes.h"

namespace sluice::mask {

/// What is done with values of each class: a rule, or nothing (they are shown). From the policy.
struct Treatment {
  std::array<std::optional<Rule>, static_cast<size_t>(privacy::Class::kCount)> rules;

  const std::optional<Rule>& of(privacy::Class cls) const {
    return rules[static_cast<size_t>(cls)];
  }
  std::optional<Rule>& of(privacy::Class cls) { return rules[static_cast<size_t>(cls)]; }
};

/// The rule by which values of a class are masked with a method.
Rule rule_for(privacy::Class cls, privacy::Method method);

/// What holds where no policy says otherwise: every class that is masked by default, with its own
/// method.
Treatment default_treatment();

}  // namespace sluice::mask
