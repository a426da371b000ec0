#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy/rule.h"

namespace sluice::policy {

/// What the conditions on the moment of a rule were held against, for a refusal.
struct Conditions {
  std::vector<std::string> texts;  ///< "when estimated_rows: 12000 is more than 1000"
  /// Members of a JSON object without its braces: "\"estimated_rows\":{\"is\":12000,…}"; "" if
  /// none.
  std::string json;
};

Conditions conditions_of(const When& when, const Circumstances& now);

/// A JSON string (RFC 8259, 7).
std::string json_quoted(std::string_view raw);

/// The last line of a refusal's DETAIL. `facts` is a JSON object.
std::string refusal_json(std::string_view rule, std::string_view effect,
                         std::string_view policy_version, std::string_view reason,
                         std::string_view facts, std::string_view next);

}  // namespace sluice::policy
