#include "sql/lint_script.h"

#include <algorithm>

#include "sql/lock_level.h"

namespace sluice::sql {

LintTable LintScript::table(const Node& range_var) const {
  const auto wrapped = field(range_var, "RangeVar");
  const Node& node = wrapped ? *wrapped : range_var;
  return table(text_field(node, "schemaname"), text_field(node, "relname"));
}

LintTable LintScript::table(std::string_view schema, std::string_view name) const {
  LintTable found;
  found.schema = schema;
  found.name = name;
  found.sql = schema.empty() ? quote_ident(name) : quote_ident(schema) + "." + quote_ident(name);
  if (const auto* known = catalog(); known != nullptr && !name.empty()) {
    found.relation =
        schema.empty() ? known->resolve(search_path(), name) : known->relation(schema, name);
  }
  if (found.schema.empty()) {
    for (const auto& candidate : search_path()) {
      if (created_.contains(candidate + "." + found.name)) {
        found.schema = candidate;
        break;
      }
    }
  }
  if (found.schema.empty() && found.relation != nullptr) found.schema = found.relation->schema;
  if (found.schema.empty()) {
    // Where the server would create it.
    const auto first =
        std::find_if(search_path().begin(), search_path().end(),
                     [](const std::string& candidate) { return !candidate.starts_with("pg_"); });
    found.schema = first == search_path().end() ? "public" : *first;
  }
  found.created = created_.contains(found.display());
  return found;
}

LintTable LintScript::target(std::string_view field_name) const {
  const auto relation = field(statement_.body, field_name);
  return relation ? table(*relation) : LintTable{};
}

std::vector<AlterCommand> LintScript::commands() const {
  std::vector<AlterCommand> commands;
  if (statement_.node != "AlterTableStmt") return commands;
  const auto texts = alter_commands(statement_.text);
  for_each(statement_.body, "cmds", [&](const Node& wrapper) {
    const auto node = field(wrapper, "AlterTableCmd");
    if (!node) return;
    AlterCommand command{
        *node, text_field(*node, "subtype"), text_field(*node, "name"),
        {},    lock_of_subcommand(*node),    text_field(*node, "behavior") == "DROP_CASCADE"};
    if (commands.size() < texts.size()) command.text = texts[commands.size()];
    commands.push_back(command);
  });
  return commands;
}

Finding& LintScript::report(std::string_view rule, const LintTable& table, std::string message,
                            std::string safer) {
  const auto rules = lint_rules();
  const auto known = std::find_if(rules.begin(), rules.end(),
                                  [&](const Rule& candidate) { return candidate.id == rule; });
  Finding& finding = findings.emplace_back();
  finding.rule = rule;
  if (known != rules.end()) {
    finding.severity = known->severity;
    finding.why = known->why;
  }
  finding.statement = statement_.number;
  finding.line = statement_.line;
  finding.message = std::move(message);
  finding.safer = std::move(safer);
  finding.lock = statement_.lock;
  if (table.name.empty()) return finding;
  finding.table = table.display();
  if (table.relation != nullptr) {
    finding.known_table = true;
    finding.rows = table.relation->estimated_rows;
    finding.bytes = table.relation->bytes;
  }
  return finding;
}

Finding& LintScript::report(std::string_view rule, const LintTable& table,
                            const AlterCommand& command, std::string message, std::string safer) {
  Finding& finding = report(rule, table, std::move(message), std::move(safer));
  finding.lock = command.lock;
  return finding;
}

}  // namespace sluice::sql
