#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "audit/event.h"
#include "audit/record.h"
#include "base/result.h"
#include "gateway/expected.h"
#include "identity/directory.h"
#include "policy/ledger.h"
#include "policy/policy.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// Who wants to run something, where and when.
struct Spender {
  const policy::Principal& principal;
  policy::Target target;
  std::string run;  ///< of an agent; empty: none
  int64_t now_micros = 0;
};

/// Reserves what a statement needs of the budgets that apply, and bounds it by what they have left:
/// `decision` is then one with tighter limits, or a new one where it was null. `facts` null: what
/// runs is not known. Null: no budget counts it; an error is what to tell the client.
tl::expected<std::unique_ptr<policy::Spending>, std::shared_ptr<const policy::Decision>> afford(
    policy::Ledger& ledger, const std::shared_ptr<const policy::Policy>& policy,
    const Spender& spender, const sql::StatementFacts* facts,
    std::shared_ptr<const policy::Decision>& decision);

/// What to tell whoever wanted more than a budget has room for.
std::shared_ptr<const policy::Decision> refused_by(const policy::Overspent& over);

/// A limit was passed that is what some budget had left (its rule is "budget NAME"): says so, as
/// other refusals of budgets do. Nothing for the limits of rules.
void blame_budget(policy::Decision& refused);

/// Whether a budget that applies counts what the planner expects a statement to cost.
bool counts_planner_cost(const policy::Policy& policy, const Spender& spender);
/// The same decision, with that; itself where it is not known.
std::shared_ptr<const policy::Decision> costing(std::shared_ptr<const policy::Decision> decision,
                                                std::optional<double> cost);

/// Counts sensitive values of the row that is about to be shown; why the result must end here.
std::shared_ptr<const policy::Decision> over_subjects(Expected& entry);

/// Reserves for so many more rows and bytes of a result; why it must end here if there is no room.
std::shared_ptr<const policy::Decision> over_budget(const Expected& entry, size_t rows,
                                                    size_t bytes);

/// What a statement has used, as it goes on the record; and as the record tells it.
policy::Amounts used_by(const audit::Event& event);
policy::Amounts used_by(const audit::Record& record);

/// Budgets that apply to the spender and for which it is not known yet what was used before.
std::vector<const policy::Budget*> uncounted(const policy::Ledger& ledger,
                                             const policy::Policy& policy, const Spender& spender);

/// Finds out from the log what was used of budgets before, each once; blocking.
/// `audit_directory` is `<state>/audit`. `directory` tells who they are for whom others acted.
void count_history(policy::Ledger& ledger, const std::shared_ptr<const policy::Policy>& policy,
                   const std::vector<const policy::Budget*>& budgets,
                   const identity::Directory& directory,
                   const std::filesystem::path& audit_directory, int64_t now_micros);

}  // namespace sluice::gateway
