#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/decision.h"
#include "policy/principal.h"
#include "privacy/labels.h"
#include "sql/statement_facts.h"

namespace sluice::policy {

struct Budget;
struct Rule;
struct Role;

/// A list of rules: immutable, shared by all workers. Default deny; deny beats hold beats allow.
class Policy {
 public:
  /// Reads and checks a policy (docs/policy.md). Every problem found is reported, one a line, as
  /// "file:line:column: what is wrong; what was expected": unknown keys, values that cannot be,
  /// rules that can never decide anything and rules that contradict each other.
  static Result<std::shared_ptr<const Policy>> parse(std::string_view yaml,
                                                     std::string_view file_name);
  /// A shipped profile: "agents", "observe", "standard" or "strict"; kNotFound for another name.
  static Result<std::shared_ptr<const Policy>> profile(std::string_view name);

  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  /// The first 16 hex digits of the text's SHA-256.
  const std::string& version() const { return version_; }
  const std::string& text() const { return text_; }
  /// "standard", or the file's name.
  const std::string& name() const { return name_; }
  const std::vector<Rule>& rules() const { return rules_; }
  /// The enforced ones that mask or unmask, in file order.
  const std::vector<const Rule*>& veils() const { return veils_; }
  /// What may be asked for for a while, in file order; role.h.
  const std::vector<Role>& roles() const { return roles_; }
  /// What may be used in a span of time, in file order; budget.h.
  const std::vector<Budget>& budgets() const { return budgets_; }
  /// Some rule asks for Circumstances::tainted.
  bool asks_taint() const { return asks_taint_; }
  /// Some rule judges statements by what columns hold.
  bool asks_classes() const { return asks_classes_; }
  /// Some enforced rule has results kept.
  bool captures() const { return captures_; }
  /// Groups whose people review who holds what; empty: nobody does.
  const std::vector<std::string>& access_reviewers() const { return access_reviewers_; }

 private:
  Policy();
  std::string version_, text_, name_;
  std::vector<Rule> rules_;
  std::vector<Role> roles_;
  std::vector<Budget> budgets_;
  bool asks_taint_ = false, asks_classes_ = false, captures_ = false;
  std::vector<std::string> access_reviewers_;
  std::vector<const Rule*> veils_;  ///< into rules_
};

/// What rules may ask beyond the statement and who sends it; it may differ at every execution.
struct Circumstances {
  int64_t now_micros = 0;  ///< wall clock
  std::string_view client_address;
  std::string_view application;
  /// What else it may be when part of what is judged runs: a rule that allows must match each, one
  /// that refuses any.
  std::vector<std::string_view> later_applications;
  bool any_application = false;  ///< or nobody knows what
  bool renamed = false;          ///< nothing that asks for a rule runs under `application` itself
  std::string_view purpose;
  int64_t authenticated_micros = 0;  ///< wall clock, when the principal proved who they are
  bool in_transaction = false;
  bool run = false;     ///< its client has said in which run of an agent
  bool prompt = false;  ///< and for which prompt, which is registered here
  /// It, its run or its credential has read text that anybody may have written (docs/agents.md).
  bool tainted = false;
  /// The planner's estimate of rows, where a rule asks (Judgement::needs_estimate); not known: such
  /// a rule is taken at its worst.
  std::optional<double> estimated_rows;
};

/// A policy applied to one statement, principal and target: what can be told once. Immutable; kept
/// with the statement's facts, so that judging the same again costs next to nothing.
class Judgement {
 public:
  virtual ~Judgement() = default;
  /// The verdict. Without a condition on circumstances always the same object.
  virtual std::shared_ptr<const Decision> decide(const Circumstances& circumstances) const = 0;
  /// Some rule asks for Circumstances::estimated_rows.
  virtual bool needs_estimate() const = 0;
  /// Whether circumstances matter at all; if not, `decide` may be given none.
  virtual bool moves() const = 0;

  /// Relations whose columns' classes some rule asks for, and which have not been classified.
  const std::vector<catalog::Oid>& unlabelled() const { return unlabelled_; }

 protected:
  explicit Judgement(std::vector<catalog::Oid> unlabelled) : unlabelled_(std::move(unlabelled)) {}

 private:
  std::vector<catalog::Oid> unlabelled_;
};

/// Applies `policy`. Pure and total: any doubt is a refusal. `facts` and `catalog` (for table_rows
/// and column names; may be null) must stay until the call returns, not longer. `labels` say what
/// columns hold, for Policy::asks_classes; without them every column counts as not classified.
std::shared_ptr<const Judgement> judge(std::shared_ptr<const Policy> policy,
                                       const sql::StatementFacts& facts,
                                       const catalog::Catalog* catalog, const Principal& principal,
                                       const Target& target,
                                       const privacy::Labels* labels = nullptr);

/// One rule's part in a verdict, for people: `sluice policy explain`.
struct RuleTrace {
  std::string rule;
  Effect effect = Effect::kDeny;
  bool shadow = false;
  bool matched = false;
  /// Why it did or did not match: "who: bob is in none of engineering", "do: delete is not among
  /// insert, update", "when without_where: true".
  std::vector<std::string> reasons;
};

struct Explanation {
  std::shared_ptr<const Decision> decision;
  std::vector<RuleTrace> rules;
};

Explanation explain(const Policy& policy, const sql::StatementFacts& facts,
                    const catalog::Catalog* catalog, const Principal& principal,
                    const Target& target, const Circumstances& circumstances,
                    const privacy::Labels* labels = nullptr);

}  // namespace sluice::policy
