#include <algorithm>

#include "sql/condition.h"
#include "sql/lint_column.h"
#include "sql/lint_dependents.h"
#include "sql/lint_script.h"

namespace sluice::sql {
namespace {

constexpr std::string_view kRepeat = "-- each in a transaction of its own, until no row is left:\n";

bool reads_columns(const Node& node) {
  simdjson::dom::array items;
  if (node.get(items) == simdjson::SUCCESS) {
    return std::any_of(items.begin(), items.end(),
                       [](const Node item) { return reads_columns(item); });
  }
  simdjson::dom::object object;
  if (node.get(object) != simdjson::SUCCESS) return false;
  for (const auto [key, value] : object) {
    if (key == "ColumnRef" || key.ends_with("Stmt") || reads_columns(value)) return true;
  }
  return false;
}

/// Batches for SET column = constant; anything else needs the author's own key.
std::string update_in_batches(const LintScript& script, const LintTable& table) {
  const Node& body = script.statement().body;
  std::vector<Node> targets;
  for_each(body, "targetList", [&](const Node& wrapper) {
    if (const auto target = field(wrapper, "ResTarget")) targets.push_back(*target);
  });
  const bool simple = targets.size() == 1 && !field(body, "fromClause") &&
                      !field(body, "returningList") && !field(body, "whereClause") &&
                      !field(body, "withClause") && !field(targets[0], "indirection");
  const auto value = simple ? field(targets[0], "val") : std::nullopt;
  if (!value || reads_columns(*value) || volatility_of(*value, script) != Volatility::kStable) {
    return "-- add a WHERE that takes some thousand rows by their key, and repeat with the next";
  }
  const std::string assignment(
      piece_at(script.text(), static_cast<size_t>(number_field(targets[0], "location"))));
  const std::string expression = assignment.substr(assignment.find('=') + 1);
  const std::string column = quote_ident(text_field(targets[0], "name"));
  return std::string(kRepeat) + "UPDATE " + table.sql + " SET " + assignment +
         "\nWHERE ctid = ANY (ARRAY(SELECT ctid FROM " + table.sql + " WHERE " + column +
         " IS DISTINCT FROM (" + expression + ") LIMIT 10000));";
}

void on_write(LintScript& script) {
  const auto& statement = script.statement();
  const LintTable table = script.target();
  if (table.created) return;
  const auto where = field(statement.body, "whereClause");
  bool looked = false;
  if (where && !always_true(*where, {table.relation, table.name, false}, looked)) return;
  const bool update = statement.node == "UpdateStmt";
  const std::string safer = update ? update_in_batches(script, table)
                                   : std::string(kRepeat) + "DELETE FROM " + table.sql +
                                         " WHERE ctid = ANY (ARRAY(SELECT ctid FROM " + table.sql +
                                         " LIMIT 10000));";
  script
      .report(update ? "update-without-where-in-migration" : "delete-without-where-in-migration",
              table,
              std::string(update ? "changes" : "deletes") + " every row of " + table.sql +
                  " in one transaction",
              safer)
      .scans = true;
}

void on_truncate(LintScript& script) {
  const Node& body = script.statement().body;
  const bool cascade = text_field(body, "behavior") == "DROP_CASCADE";
  for_each(body, "relations", [&](const Node& wrapper) {
    const LintTable table = script.table(wrapper);
    if (table.created) return;
    const std::string batches = std::string(kRepeat) + "DELETE FROM " + table.sql +
                                " WHERE ctid = ANY (ARRAY(SELECT ctid FROM " + table.sql +
                                " LIMIT 10000));";
    if (!cascade) {
      script.report("truncate", table, "the rows of " + table.sql + " are gone at COMMIT", batches);
      return;
    }
    auto& finding =
        script.report("truncate-cascade", table,
                      "every table with a foreign key to " + table.sql + " is emptied too",
                      without_word(script.statement().text, "cascade") + ";");
    if (table.relation == nullptr) return;
    for (const auto& [other, key] : script.catalog()->referencing(table.relation->oid)) {
      finding.dependents.push_back("table " + other->qualified_name());
    }
  });
}

void on_lock(LintScript& script) {
  const auto& statement = script.statement();
  if (statement.lock < LockLevel::kShare) return;
  for_each(statement.body, "relations", [&](const Node& wrapper) {
    const LintTable table = script.table(wrapper);
    if (table.created) return;
    script.report("lock-table", table, table.sql + " stays locked until COMMIT",
                  "BEGIN;\nSET LOCAL lock_timeout = '2s';\nLOCK TABLE " + table.sql +
                      " IN SHARE UPDATE EXCLUSIVE MODE;\n-- what needs it\nCOMMIT;");
  });
}

void on_setting(LintScript& script) {
  const Node& body = script.statement().body;
  if (text_field(body, "name") != "session_replication_role") return;
  bool replica = false;
  for_each(body, "args", [&](const Node& wrapper) {
    const auto constant = field(wrapper, "A_Const");
    const auto text = constant ? field(*constant, "sval") : std::nullopt;
    std::string value(text ? text_field(*text, "sval") : "");
    std::transform(value.begin(), value.end(), value.begin(), ::tolower);
    replica = replica || value == "replica";
  });
  if (!replica) return;
  script.report("session-replication-role", {}, "triggers and foreign keys are off from here on",
                "SET CONSTRAINTS ALL DEFERRED;");
}

void on_guards(LintScript& script, const LintTable& table, const AlterCommand& command) {
  if (command.subtype.starts_with("AT_DisableTrig")) {
    const std::string which =
        command.name.empty() ? "all triggers" : "trigger " + std::string(command.name);
    script.report("disable-trigger", table, command,
                  which + " of " + table.sql + " no longer run, in any session",
                  "ALTER TABLE " + table.sql + " ENABLE TRIGGER " +
                      (command.name.empty() ? "ALL" : quote_ident(command.name)) + ";");
  } else if (command.subtype == "AT_DisableRowSecurity" ||
             command.subtype == "AT_NoForceRowSecurity") {
    script.report("disable-row-security", table, command,
                  "the policies of " + table.sql + " no longer hold",
                  "ALTER TABLE " + table.sql +
                      (command.subtype == "AT_DisableRowSecurity" ? " ENABLE" : " FORCE") +
                      " ROW LEVEL SECURITY;");
  }
}

}  // namespace

void lint_data(LintScript& script) {
  const std::string_view node = script.statement().node;
  if (node == "UpdateStmt" || node == "DeleteStmt") {
    on_write(script);
  } else if (node == "TruncateStmt") {
    on_truncate(script);
  } else if (node == "LockStmt") {
    on_lock(script);
  } else if (node == "VariableSetStmt") {
    on_setting(script);
  }
  const LintTable table = script.target();
  if (table.created) return;
  for (const auto& command : script.commands()) on_guards(script, table, command);
}

}  // namespace sluice::sql
