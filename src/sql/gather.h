#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "sql/lineage.h"
#include "sql/statement_facts.h"

namespace sluice::sql {

/// Collects what a walk over the statements of one text finds, once each, and puts it in order.
class Gather {
 public:
  explicit Gather(StatementFacts& facts) : facts_(facts) {}

  StatementFacts& facts() { return facts_; }

  /// A statement of the text begins: actions are told apart by statement.
  void begin_statement();
  /// Where the statement's actions begin among those of the facts.
  size_t first_action() const { return first_action_; }
  /// A new action of its own.
  size_t add_action(ActionKind kind, std::string_view object_kind = {});
  /// The statement's action of that kind (and object kind), made when there is none yet.
  size_t shared_action(ActionKind kind, std::string_view object_kind = {});
  Action& action(size_t index) { return facts_.actions[index]; }
  /// Once each; a target that is named in the text stays so. Relations go to `tables` too.
  void add_target(size_t action, const Object& object, bool relation = true);

  void use(const Value& value, ColumnUses uses);
  void use(ColumnRef column, ColumnUses uses);
  /// `fired`: by a trigger or rule.
  void write(ColumnRef target, const Value& value, bool fired);
  /// `function` is applied to it.
  void compute(const Value& value, std::string_view function);
  /// Two columns are compared by equality.
  void equate(ColumnRef one, ColumnRef other) { equated_.insert(std::minmax(one, other)); }
  void function(const FunctionUse& use);
  void plain_function(const FunctionUse& use);

  /// What a function's body does with its arguments, while it is looked at.
  struct ArgumentUses {
    std::vector<ColumnUses> uses;
    std::vector<std::pair<ColumnRef, Value>> written;
    std::set<std::pair<size_t, std::string>> computed;  ///< position, function
  };
  ArgumentUses* arguments = nullptr;

  void fail(std::string why, std::string_view sqlstate);
  bool failed() const { return !facts_.unanalysable.empty(); }

  /// To be called last.
  void finish();

 private:
  StatementFacts& facts_;
  size_t first_action_ = 0;  ///< of the statement
  std::unordered_set<uint64_t> known_targets_;
  std::set<std::string> tables_;
  std::map<ColumnRef, ColumnUses> columns_;
  std::map<std::pair<ColumnRef, bool>, Value> written_;  ///< target, fired
  std::set<std::pair<ColumnRef, ColumnRef>> equated_;
  std::set<std::pair<ColumnRef, std::string>> computed_;
};

}  // namespace sluice::sql
