#include <algorithm>

#include "sql/lint_dependents.h"
#include "sql/lint_object_dependents.h"
#include "sql/lint_script.h"

namespace sluice::sql {
namespace {

std::string statement_without_cascade(const LintScript& script) {
  return without_word(script.statement().text, "cascade") + ";";
}

std::vector<std::string> dependents(const LintScript& script, const LintTable& table,
                                    std::string_view column) {
  if (table.relation == nullptr) return {};
  return dependents_of(*script.catalog(), *table.relation, column);
}

/// Views and foreign keys that stand in the way, dropped by name; then the statement itself.
std::string by_name(const std::vector<std::string>& needed, const std::string& last) {
  std::string safer;
  for (const auto& dependent : needed) {
    for (const auto& [kind, drop] :
         {std::pair<std::string_view, std::string_view>{"view ", "DROP VIEW "},
          {"materialized view ", "DROP MATERIALIZED VIEW "}}) {
      if (!dependent.starts_with(kind)) continue;
      const std::string name = dependent.substr(kind.size());
      const size_t dot = name.find('.');
      safer.append(drop).append(quote_ident(name.substr(0, dot))).append(".");
      safer.append(quote_ident(name.substr(dot + 1))).append(";\n");
    }
    constexpr std::string_view kKey = "foreign key ";
    const size_t of = dependent.find(" of ");
    if (dependent.starts_with(kKey) && of != std::string::npos) {
      const std::string table = dependent.substr(of + 4);
      const size_t dot = table.find('.');
      safer += "ALTER TABLE " + quote_ident(table.substr(0, dot)) + "." +
               quote_ident(table.substr(dot + 1)) + " DROP CONSTRAINT " +
               quote_ident(dependent.substr(kKey.size(), of - kKey.size())) + ";\n";
    }
  }
  return safer + last;
}

void on_drop_table(LintScript& script, const LintTable& table) {
  const auto needed = dependents(script, table, "");
  const std::string aside = quote_ident(table.name + "_unused");
  const std::string safer = "-- see for a while whether anybody misses it, then drop " + aside +
                            ":\nSET lock_timeout = '2s';\nALTER TABLE " + table.sql +
                            " RENAME TO " + aside + ";";
  if (needed.empty()) {
    script.report("drop-table", table, "the rows of " + table.sql + " are gone at COMMIT", safer);
    return;
  }
  auto& finding = script.report("drop-table-with-dependents", table,
                                table.sql + " is needed by " + summary_of(needed),
                                by_name(needed, "DROP TABLE " + table.sql + ";"));
  finding.dependents = needed;
}

void on_drop_column(LintScript& script, const LintTable& table, const AlterCommand& command) {
  const std::string column(command.name);
  const auto needed = dependents(script, table, column);
  const std::string drop = "SET lock_timeout = '2s';\nALTER TABLE " + table.sql + " DROP COLUMN " +
                           quote_ident(column) + ";";
  if (needed.empty()) {
    script.report("drop-column", table, command,
                  "the values of " + table.sql + "." + column + " are gone at COMMIT",
                  "-- once no client names it any more:\n" + drop);
    return;
  }
  auto& finding = script.report("drop-column-with-dependents", table, command,
                                table.sql + "." + column + " is needed by " + summary_of(needed),
                                by_name(needed, drop));
  finding.dependents = needed;
}

void on_cascade(LintScript& script, const LintTable& table, const std::vector<std::string>& needed,
                const std::string& safer) {
  auto& finding = script.report("cascade", table,
                                needed.empty() ? "CASCADE drops whatever needs it, named nowhere"
                                               : "CASCADE drops also " + summary_of(needed),
                                safer);
  finding.dependents = needed;
}

/// DROP FUNCTION, TYPE, DOMAIN, SCHEMA, EXTENSION, …
void on_drop_objects(LintScript& script, std::string_view type, bool is_cascade) {
  std::vector<std::string> needed;
  for_each(script.statement().body, "objects", [&](const Node& object) {
    for (auto& one : dependents_of_object(script, type, object)) needed.push_back(std::move(one));
  });
  const std::string safer = by_name(needed, statement_without_cascade(script));
  if (type == "OBJECT_SCHEMA") {
    script
        .report("drop-schema", {},
                needed.empty() ? "every object of the schema goes with it"
                               : "with it goes " + summary_of(needed),
                safer)
        .dependents = needed;
  } else if (type == "OBJECT_EXTENSION") {
    script.report("drop-extension", {},
                  "its types, functions and operators go, and no catalog tells which they are",
                  statement_without_cascade(script));
  } else if (!needed.empty()) {
    script.report("drop-with-dependents", {}, "needed by " + summary_of(needed), safer).dependents =
        needed;
  }
  if (is_cascade) on_cascade(script, {}, needed, safer);
}

void on_drop(LintScript& script) {
  const Node& body = script.statement().body;
  const std::string_view type = text_field(body, "removeType");
  const bool is_cascade = text_field(body, "behavior") == "DROP_CASCADE";
  const bool relation = type == "OBJECT_TABLE" || type == "OBJECT_VIEW" ||
                        type == "OBJECT_MATVIEW" || type == "OBJECT_FOREIGN_TABLE";
  if (!relation) {
    on_drop_objects(script, type, is_cascade);
    return;
  }
  for_each(body, "objects", [&](const Node& wrapper) {
    const auto list = field(wrapper, "List");
    const auto parts = list ? names_in(*list, "items") : std::vector<std::string>{};
    if (parts.empty()) return;
    const auto table = script.table(parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back());
    if (!table.created && type == "OBJECT_TABLE") on_drop_table(script, table);
    if (is_cascade && !table.created) {
      const auto needed = dependents(script, table, "");
      on_cascade(script, table, needed, by_name(needed, statement_without_cascade(script)));
    }
    script.remove_created(table);
  });
}

}  // namespace

void lint_drops(LintScript& script) {
  const auto& statement = script.statement();
  if (statement.node == "DropStmt") {
    on_drop(script);
  } else if (statement.node == "DropdbStmt") {
    script.report("drop-schema", {}, "every object of the database goes with it",
                  "-- disconnect its clients, keep it for a while, then drop it:\nALTER DATABASE " +
                      quote_ident(text_field(statement.body, "dbname")) + " CONNECTION LIMIT 0;");
  } else if (statement.node == "DropOwnedStmt") {
    script.report("drop-schema", {}, "every object that the role owns goes with it",
                  "-- give them to another role first: REASSIGN OWNED BY … TO …;");
  }
  const LintTable table = script.target();
  if (table.created) return;
  for (const auto& command : script.commands()) {
    if (command.subtype == "AT_DropColumn") on_drop_column(script, table, command);
    const bool drops = command.subtype == "AT_DropColumn" || command.subtype == "AT_DropConstraint";
    if (drops && command.cascade) {
      const auto needed = command.subtype == "AT_DropColumn"
                              ? dependents(script, table, command.name)
                              : std::vector<std::string>{};
      on_cascade(script, table, needed,
                 by_name(needed, "ALTER TABLE " + table.sql + " " +
                                     without_word(command.text, "cascade") + ";"));
    }
  }
}

}  // namespace sluice::sql
