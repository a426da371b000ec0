#pragma once

#include <memory>
#include <string>

#include <boost/json.hpp>

#include "gateway/gateway.h"
#include "policy/policy.h"
#include "policy/understand.h"

namespace sluice::control {

/// What would become of which statement.
struct ExplainQuestion {
  std::shared_ptr<const policy::Policy> policy;
  policy::Principal principal;
  policy::Target target;
  policy::Circumstances now;
  std::string text;  ///< UTF-8
};

struct Explained {
  policy::Explanation explanation;
  /// `masking`, and `estimate` where the verdict hangs on one: members of the answer
  /// (docs/policy.md).
  boost::json::object told;
};

/// Judges a statement as the data path would, without running it. Where the verdict hangs on how
/// many rows the planner expects, it is asked, on a connection of the gateway's own; without its
/// word the statement is judged by the worst. Blocking.
Explained explain_statement(gateway::Gateway& gateway, const ExplainQuestion& question,
                            const policy::Understood& understood);

}  // namespace sluice::control
