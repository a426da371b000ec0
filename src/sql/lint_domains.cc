#include "sql/lint_object_dependents.h"
#include "sql/lint_script.h"

namespace sluice::sql {
namespace {

/// Whether the statement has the values that are there checked.
bool checks_values(const Node& body) {
  const std::string_view kind = text_field(body, "subtype");
  if (kind == "O" || kind == "V") return true;  // SET NOT NULL, VALIDATE CONSTRAINT
  const auto definition = field(body, "def");
  const auto constraint = definition ? field(*definition, "Constraint") : std::nullopt;
  return kind == "C" && constraint && !bool_field(*constraint, "skip_validation");
}

std::string safer_for(const LintScript& script, const std::string& domain) {
  const std::string text(script.statement().text);
  if (text_field(script.statement().body, "subtype") == "C") {
    return "-- holds for new values at once:\n" + text + " NOT VALID;\n-- then at a quiet time, " +
           "which locks and reads the same tables:\nSET lock_timeout = '2s';\nALTER DOMAIN " +
           domain + " VALIDATE CONSTRAINT …;";
  }
  return "-- at a quiet time:\nSET lock_timeout = '2s';\n" + text + ";";
}

}  // namespace

void lint_domains(LintScript& script) {
  const auto& statement = script.statement();
  if (statement.node != "AlterDomainStmt" || !checks_values(statement.body)) return;
  const auto names = names_in(statement.body, "typeName");
  if (names.empty()) return;
  const std::string domain = joined(names, ".");
  const auto report = [&](const LintTable& table, std::string message) {
    auto& finding = script.report("domain-constraint-scans-tables", table, std::move(message),
                                  safer_for(script, domain));
    finding.lock = LockLevel::kShare;
    finding.scans = true;
  };
  const auto* catalog = script.catalog();
  if (catalog == nullptr) {
    report({}, "every table with a column of " + domain + " is read while its writers wait");
    return;
  }
  const auto* type = catalog->type(script.search_path(),
                                   names.size() > 1 ? names[names.size() - 2] : "", names.back());
  if (type == nullptr) return;
  const catalog::Relation* last = nullptr;
  for (const auto& [table, column] : columns_of_domain(*catalog, type->oid)) {
    if (table == last) continue;
    last = table;
    report(script.table(table->schema, table->name), table->qualified_name() + ", whose column " +
                                                         column->name + " is of " + domain +
                                                         ", is read while its writers wait");
  }
}

}  // namespace sluice::sql
