#pragma once

#include <string>
#include <string_view>

#include "sql/statement_facts.h"

namespace sluice::policy {

/// Where a statement is going.
struct Target {
  std::string_view database;     ///< the name clients use
  std::string_view environment;  ///< "production", "staging", …
};

/// The verdict on one statement. `message`, `detail` and `hint` go to the client when refused.
struct Decision {
  bool allowed = false;
  std::string rule;      ///< stable name of the rule that decided, e.g. "no-unbounded-writes"
  std::string sqlstate;  ///< "42501" unless the reason is a syntax or complexity error
  std::string message;
  std::string detail;
  std::string hint;
  int position = 0;  ///< of a syntax error, for ErrorResponse 'P'; 0 if none
};

/// Pure and total: any doubt is a refusal. The next issue replaces what is inside by the policy
/// engine; callers depend on nothing but this signature.
Decision decide(const sql::StatementFacts& facts, const Target& target);

}  // namespace sluice::policy
