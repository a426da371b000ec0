#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sql/lint_script.h"

namespace sluice::sql {

/// Follows a script from statement to statement: its transactions, settings, what it creates, and
/// what it still owes at its end (indexes for foreign keys, primary keys).
class LintFlow {
 public:
  explicit LintFlow(LintScript& script) : script_(script) {}

  /// Before the rules look at the script's current statement.
  void before();
  /// After them; `first` is the number of findings there were before.
  void after(size_t first);
  /// After the last statement.
  void finish();

 private:
  /// A foreign key that wants an index, with the statement that made it.
  struct ForeignKey {
    LintStatement statement;
    LintTable table;
    std::vector<std::string> columns;
    bool new_column = false;
  };
  struct NewTable {
    LintStatement statement;
    LintTable table;
  };

  void on_transaction();
  void on_setting();
  void check_transaction_block();
  void check_lock_timeout();
  void check_after_lock(size_t first);
  void check_validate();
  void note_created();
  void note_keys();
  void note_new_table();
  void note_constraint(const LintTable& table, const Node& constraint, const std::string& column,
                       bool new_column);
  bool has_index(const ForeignKey& key) const;

  LintScript& script_;
  bool session_timeout_ = false;
  bool local_timeout_ = false;
  bool timeout_reported_ = false;
  std::optional<LintStatement> locked_by_;  ///< in this transaction, with an exclusive lock
  LintTable locked_;
  size_t since_lock_ = 0;
  bool slow_reported_ = false;
  std::set<std::string> added_here_;  ///< "schema.table:constraint" added NOT VALID in it
  std::vector<ForeignKey> foreign_keys_;
  std::vector<NewTable> new_tables_;
  std::set<std::string> with_key_;
};

}  // namespace sluice::sql
