#include "sql/lint_dependents.h"
#include "sql/lint_script.h"

namespace sluice::sql {
namespace {

constexpr std::string_view kBegin = "BEGIN;\nSET LOCAL lock_timeout = '2s';\n";

bool holds_rows(std::string_view type) {
  return type == "OBJECT_TABLE" || type == "OBJECT_VIEW" || type == "OBJECT_MATVIEW" ||
         type == "OBJECT_FOREIGN_TABLE";
}

std::string beside(const LintTable& table, std::string_view name) {
  const bool written = table.sql.find('.') != std::string::npos;
  return (written ? quote_ident(table.schema) + "." : "") + quote_ident(name);
}

/// A view takes the old name; simple ones can be written to.
void on_table(LintScript& script, const LintTable& table) {
  const std::string_view fresh = text_field(script.statement().body, "newname");
  const std::string renamed = beside(table, fresh);
  auto& finding =
      script.report("rename-table-breaks-clients", table,
                    "clients that still say " + table.sql + " fail from COMMIT on",
                    std::string(kBegin) + std::string(script.statement().text) + ";\nCREATE VIEW " +
                        table.sql + " AS SELECT * FROM " + renamed + ";\nCOMMIT;");
  if (table.relation != nullptr) {
    finding.dependents = dependents_of(*script.catalog(), *table.relation, "");
  }
}

void on_column(LintScript& script, const LintTable& table) {
  const Node& body = script.statement().body;
  const std::string old = quote_ident(text_field(body, "subname"));
  const std::string fresh = quote_ident(text_field(body, "newname"));
  const std::string base = beside(table, table.name + "_table");
  auto& finding =
      script.report("rename-column-breaks-clients", table,
                    "clients that still say " + table.sql + "." + old + " fail from COMMIT on",
                    std::string(kBegin) + "ALTER TABLE " + table.sql + " RENAME TO " +
                        quote_ident(table.name + "_table") + ";\nALTER TABLE " + base +
                        " RENAME COLUMN " + old + " TO " + fresh + ";\nCREATE VIEW " + table.sql +
                        " AS SELECT *, " + fresh + " AS " + old + " FROM " + base + ";\nCOMMIT;");
  if (table.relation != nullptr) {
    finding.dependents =
        dependents_of(*script.catalog(), *table.relation, text_field(body, "subname"));
  }
}

void on_schema(LintScript& script, const LintTable& table) {
  const std::string moved =
      quote_ident(text_field(script.statement().body, "newschema")) + "." + quote_ident(table.name);
  auto& finding =
      script.report("set-schema-breaks-clients", table,
                    "clients that still say " + table.display() + " fail from COMMIT on",
                    std::string(kBegin) + std::string(script.statement().text) + ";\nCREATE VIEW " +
                        quote_ident(table.schema) + "." + quote_ident(table.name) +
                        " AS SELECT * FROM " + moved + ";\nCOMMIT;");
  if (table.relation != nullptr) {
    finding.dependents = dependents_of(*script.catalog(), *table.relation, "");
  }
}

}  // namespace

void lint_renames(LintScript& script) {
  const auto& statement = script.statement();
  const bool rename = statement.node == "RenameStmt";
  if (!rename && statement.node != "AlterObjectSchemaStmt") return;
  const LintTable table = script.target();
  const std::string_view type = text_field(statement.body, rename ? "renameType" : "objectType");
  if (table.name.empty()) return;
  if (table.created) {
    // The new name is this script's too.
    if (!rename && holds_rows(type)) {
      script.add_created(script.table(text_field(statement.body, "newschema"), table.name));
    } else if (holds_rows(type)) {
      script.add_created(script.table(table.schema, text_field(statement.body, "newname")));
    }
  } else if (rename && type == "OBJECT_COLUMN") {
    if (holds_rows(text_field(statement.body, "relationType"))) on_column(script, table);
  } else if (holds_rows(type)) {
    rename ? on_table(script, table) : on_schema(script, table);
  }
}

}  // namespace sluice::sql
