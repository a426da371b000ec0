#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sql/lint.h"
#include "sql/lint_text.h"
#include "sql/node.h"

namespace sluice::sql {

/// A table (or another relation) that a statement of the script names.
struct LintTable {
  std::string schema;  ///< assumed where not written and not known
  std::string name;
  std::string sql;                              ///< as the script writes it, quoted
  const catalog::Relation* relation = nullptr;  ///< null: not in the catalog, or none is known
  bool created = false;                         ///< by this script

  std::string display() const { return schema + "." + name; }
  bool partitioned() const {
    return relation != nullptr && relation->kind == catalog::RelationKind::kPartitionedTable;
  }
};

/// The statement that is being looked at.
struct LintStatement {
  size_t number = 0;
  size_t line = 0;
  std::string_view text;  ///< without comments before it and without the semicolon
  std::string_view node;  ///< "AlterTableStmt"
  Node body;
  LockLevel lock = LockLevel::kNone;
};

/// One command of an ALTER TABLE.
struct AlterCommand {
  Node node;
  std::string_view subtype;  ///< "AT_AddColumn"
  std::string_view name;     ///< the column or constraint it is about
  std::string_view text;     ///< "ADD COLUMN c int"
  LockLevel lock = LockLevel::kNone;
  bool cascade = false;
};

/// The columns of an index, in order; an empty name for an expression.
using LintKey = std::vector<std::string>;

/// What is known of a script up to the statement that is being looked at, and where findings go.
class LintScript {
 public:
  LintScript(std::string_view text, const Scope& scope) : text_(text), scope_(scope) {}

  void start(LintStatement statement) { statement_ = statement; }
  const LintStatement& statement() const { return statement_; }
  std::string_view text() const { return text_; }
  const catalog::Catalog* catalog() const { return scope_.catalog.get(); }
  const std::vector<std::string>& search_path() const { return scope_.search_path; }

  /// The table of a RangeVar, wrapped or not.
  LintTable table(const Node& range_var) const;
  LintTable table(std::string_view schema, std::string_view name) const;
  /// The table in a field of the statement; an empty name when it is not there.
  LintTable target(std::string_view field_name = "relation") const;
  std::vector<AlterCommand> commands() const;

  /// Adds a finding; the caller completes it. `table` may have an empty name.
  Finding& report(std::string_view rule, const LintTable& table, std::string message,
                  std::string safer = {});
  /// The same for one command of ALTER TABLE.
  Finding& report(std::string_view rule, const LintTable& table, const AlterCommand& command,
                  std::string message, std::string safer = {});

  void add_created(const LintTable& table) { created_.insert(table.display()); }
  void remove_created(const LintTable& table) { created_.erase(table.display()); }
  void set_search_path(std::vector<std::string> path) { scope_.search_path = std::move(path); }

  bool in_transaction = false;
  /// Made by this script, unique ones too, by LintTable::display.
  std::unordered_map<std::string, std::vector<LintKey>> indexes;
  std::set<std::string> not_null_checks;  ///< "schema.table.column": CHECK added, validated
  std::set<std::string> pending_checks;   ///< the same, not validated yet, then ":" and name
  std::set<std::string> checked_tables;   ///< got a CHECK constraint in this script
  std::vector<Finding> findings;

 private:
  std::string_view text_;
  Scope scope_;
  LintStatement statement_;
  std::set<std::string> created_;
};

/// Reads the script's text and calls `look` at each of its statements in turn. False: it cannot be
/// read, `why` says so and `position` (if not null) where, as of with_tree.
bool walk_script(LintScript& script, std::string& why, int* position,
                 const std::function<void()>& look);

/// Statements that make a column NOT NULL without reading the table under a strong lock.
std::string make_not_null(const LintTable& table, const std::string& column);

// The rules by theme; each looks at the statement that the script is at.
void lint_constraints(LintScript& script);
void lint_columns(LintScript& script);
void lint_indexes(LintScript& script);
void lint_domains(LintScript& script);
void lint_drops(LintScript& script);
void lint_renames(LintScript& script);
void lint_data(LintScript& script);
void lint_storage(LintScript& script);
void lint_partitions(LintScript& script);

}  // namespace sluice::sql
