#include "policy/replay.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace sluice::policy {
namespace {

using Key = std::tuple<std::string, std::string, std::string, Effect, Effect>;

class Grouping {
 public:
  void add(const RecordedStatement& statement, const Decision& now) {
    const Key key{statement.principal.user, statement.rule, now.rule, statement.effect, now.effect};
    const auto [it, added] = changes_.try_emplace(key);
    Change& change = it->second;
    if (added) {
      change.user = statement.principal.user;
      change.old_rule = statement.rule;
      change.new_rule = now.rule;
      change.old_effect = statement.effect;
      change.new_effect = now.effect;
      change.first_id = statement.id;
      change.example = statement.text;
      change.message = now.message;
    }
    ++change.statements;
    texts_[key].insert(statement.text);
  }

  std::vector<Change> sorted() {
    std::vector<Change> out;
    for (auto& [key, change] : changes_) {
      change.texts = texts_[key].size();
      out.push_back(std::move(change));
    }
    std::sort(out.begin(), out.end(), [](const Change& a, const Change& b) {
      return std::tie(a.user, b.statements, a.first_id) <
             std::tie(b.user, a.statements, b.first_id);
    });
    return out;
  }

 private:
  std::map<Key, Change> changes_;
  std::map<Key, std::set<std::string_view>> texts_;
};

}  // namespace

std::shared_ptr<const Decision> decide_again(const std::shared_ptr<const Policy>& policy,
                                             const RecordedStatement& statement,
                                             const Understand& understand) {
  const Understood understood = understand(statement.target, statement.text);
  Circumstances then;
  then.now_micros = statement.time_micros;
  then.client_address = statement.client_address;
  then.application = statement.application;
  then.purpose = statement.purpose;
  then.run = statement.run;
  then.prompt = statement.prompt;
  then.tainted = statement.tainted;
  then.in_transaction = statement.in_transaction;
  return judge(policy, *understood.facts, understood.catalog.get(), statement.principal,
               statement.target)
      ->decide(then);
}

ReplayReport replay(const std::shared_ptr<const Policy>& policy,
                    const std::vector<RecordedStatement>& statements, const Understand& understand,
                    bool with_rules) {
  ReplayReport report;
  Grouping grouping;
  for (const RecordedStatement& statement : statements) {
    ++report.statements;
    if (statement.cut) {
      ++report.cut;
      continue;
    }
    const auto now = decide_again(policy, statement, understand);
    const bool changed =
        now->effect != statement.effect || (with_rules && now->rule != statement.rule);
    if (!changed) {
      ++report.unchanged;
      continue;
    }
    const bool was_allowed = statement.effect == Effect::kAllow;
    if (was_allowed && !now->allowed()) ++report.newly_refused;
    if (!was_allowed && now->allowed()) ++report.newly_allowed;
    grouping.add(statement, *now);
  }
  report.changes = grouping.sorted();
  return report;
}

}  // namespace sluice::policy
