#include <algorithm>

#include "sql/lexer.h"
#include "sql/lint_column.h"
#include "sql/lint_script.h"

namespace sluice::sql {
namespace {

/// "CONSTRAINT c CHECK (…)" without its first two words.
std::string without_name(std::string_view sql) {
  Lexer lexer(sql);
  if (!is_word(lexer.next(), "constraint")) return std::string(sql);
  lexer.next();
  const Token first = lexer.next();
  if (first.kind == TokenKind::kEnd) return std::string(sql);
  return std::string(sql.substr(static_cast<size_t>(first.text.data() - sql.data())));
}

/// As PostgreSQL names constraints: table_columns_suffix.
std::string made_name(const LintTable& table, const std::vector<std::string>& columns,
                      std::string_view suffix) {
  std::string name = table.name;
  for (const auto& column : columns) name += "_" + column;
  return name.append("_").append(suffix);
}

std::string alter(const LintTable& table, std::string_view command) {
  return "ALTER TABLE " + table.sql + " " + std::string(command) + ";\n";
}

/// Two steps: the constraint for new rows, then the look at old ones.
std::string add_then_validate(const LintTable& table, const std::string& name,
                              const std::string& definition) {
  return alter(table, "ADD CONSTRAINT " + quote_ident(name) + " " + definition + " NOT VALID") +
         alter(table, "VALIDATE CONSTRAINT " + quote_ident(name));
}

std::string make_not_null(const LintTable& table, const std::string& column) {
  const std::string name = made_name(table, {column}, "not_null");
  return add_then_validate(table, name, "CHECK (" + quote_ident(column) + " IS NOT NULL)") +
         alter(table, "ALTER COLUMN " + quote_ident(column) + " SET NOT NULL") +
         alter(table, "DROP CONSTRAINT " + quote_ident(name));
}

/// Columns that a CHECK expression proves not to be null.
void add_not_null_columns(const Node& expression, std::vector<std::string>& columns) {
  if (const auto test = field(expression, "NullTest")) {
    const auto arg = field(*test, "arg");
    const auto column = arg ? field(*arg, "ColumnRef") : std::nullopt;
    if (column && text_field(*test, "nulltesttype") == "IS_NOT_NULL") {
      const auto names = names_in(*column, "fields");
      if (names.size() == 1) columns.push_back(names[0]);
    }
  }
  if (const auto both = field(expression, "BoolExpr")) {
    if (text_field(*both, "boolop") != "AND_EXPR") return;
    for_each(*both, "args", [&](const Node& arm) { add_not_null_columns(arm, columns); });
  }
}

/// Whether the catalog has a valid CHECK that proves a column not null.
bool proven(const LintTable& table, const std::string& column) {
  const auto& constraints = table.relation->constraints;
  return std::any_of(constraints.begin(), constraints.end(), [&](const auto& constraint) {
    return constraint.type == 'c' && constraint.validated &&
           constraint.definition == "CHECK ((" + quote_ident(column) + " IS NOT NULL))";
  });
}

bool is_not_null(const LintScript& script, const LintTable& table, const std::string& column) {
  if (script.not_null_checks.contains(table.display() + "." + column)) return true;
  if (table.relation == nullptr) return false;
  const auto* known = table.relation->column(column);
  return known != nullptr && (known->not_null || proven(table, column));
}

void on_set_not_null(LintScript& script, const LintTable& table, const AlterCommand& command) {
  const std::string column(command.name);
  if (is_not_null(script, table, column)) return;
  script
      .report("set-not-null-scans", table, command,
              "SET NOT NULL reads all of " + table.sql + " to look for nulls in " + column,
              make_not_null(table, column))
      .scans = true;
}

std::string deferral(const Node& constraint) {
  if (bool_field(constraint, "initdeferred")) return " DEFERRABLE INITIALLY DEFERRED";
  return bool_field(constraint, "deferrable") ? " DEFERRABLE" : "";
}

void on_unique(LintScript& script, const LintTable& table, const AlterCommand& command,
               const Node& constraint, std::vector<std::string> columns) {
  const bool primary = text_field(constraint, "contype") == "CONSTR_PRIMARY";
  if (!text_field(constraint, "indexname").empty()) return;
  std::string name(text_field(constraint, "conname"));
  if (name.empty()) name = primary ? table.name + "_pkey" : made_name(table, columns, "key");
  std::string index = "CREATE UNIQUE INDEX CONCURRENTLY " + quote_ident(name) + " ON " + table.sql +
                      " (" + joined(columns) + ")";
  const auto including = names_in(constraint, "including");
  if (!including.empty()) index += " INCLUDE (" + joined(including) + ")";
  if (bool_field(constraint, "nulls_not_distinct")) index += " NULLS NOT DISTINCT";
  std::string safer = index + ";\n";
  if (primary) {
    for (const auto& column : columns) {
      if (!is_not_null(script, table, column)) safer += make_not_null(table, column);
    }
  }
  safer += alter(table, "ADD CONSTRAINT " + quote_ident(name) + (primary ? " PRIMARY KEY" : " UNIQUE") +
                            " USING INDEX " + quote_ident(name) + deferral(constraint));
  if (table.partitioned()) {
    safer =
        "-- a partitioned table cannot take an index that was built concurrently\n"
        "SET lock_timeout = '2s';\n" +
        alter(table, command.text);
  }
  script
      .report(primary ? "add-primary-key-locks" : "add-unique-constraint-locks", table, command,
              "the index on " + table.sql + " (" + joined(columns) +
                  ") is built while nobody can read or write the table",
              safer)
      .scans = true;
}

void on_foreign_key(LintScript& script, const LintTable& table, const AlterCommand& command,
                    const Node& constraint, const std::vector<std::string>& columns,
                    const std::string& definition) {
  if (bool_field(constraint, "skip_validation")) return;
  std::string name(text_field(constraint, "conname"));
  if (name.empty()) name = made_name(table, columns, "fkey");
  const auto other = field(constraint, "pktable");
  const LintTable referenced = other ? script.table(*other) : LintTable{};
  std::string safer = add_then_validate(table, name, definition);
  if (table.partitioned()) {
    safer =
        "-- PostgreSQL 15 has no NOT VALID foreign keys on partitioned tables: add it to each\n"
        "-- partition that way first, then\nSET lock_timeout = '2s';\n" +
        alter(table, command.text);
  }
  auto& finding = script.report("add-foreign-key-without-not-valid", table, command,
                                "writes to " + table.sql + " and " + referenced.sql +
                                    " wait until every row of " + table.sql + " is checked",
                                safer);
  finding.scans = true;
}

void on_check(LintScript& script, const LintTable& table, const AlterCommand& command,
              const Node& constraint, const std::vector<std::string>& columns,
              const std::string& definition) {
  if (bool_field(constraint, "skip_validation")) return;
  std::string name(text_field(constraint, "conname"));
  if (name.empty()) name = made_name(table, columns, "check");
  script
      .report("add-check-without-not-valid", table, command,
              "every row of " + table.sql + " is checked while nobody can read or write the table",
              add_then_validate(table, name, definition))
      .scans = true;
}

void on_exclusion(LintScript& script, const LintTable& table, const AlterCommand& command) {
  script
      .report("add-exclusion-constraint", table, command,
              "the index on " + table.sql + " is built while nobody can read or write the table",
              "SET lock_timeout = '2s';\n" + alter(table, command.text))
      .scans = true;
}

/// What later statements of the script may rely on.
void remember(LintScript& script, const LintTable& table, const Node& constraint) {
  if (text_field(constraint, "contype") != "CONSTR_CHECK") return;
  script.checked_tables.insert(table.display());
  std::vector<std::string> columns;
  if (const auto expression = field(constraint, "raw_expr")) {
    add_not_null_columns(*expression, columns);
  }
  const bool pending = bool_field(constraint, "skip_validation");
  for (const auto& column : columns) {
    const std::string key = table.display() + "." + column;
    if (pending) {
      script.pending_checks.insert(key + ":" + std::string(text_field(constraint, "conname")));
    } else {
      script.not_null_checks.insert(key);
    }
  }
}

void on_validate(LintScript& script, const LintTable& table, std::string_view name) {
  for (const auto& pending : script.pending_checks) {
    const size_t colon = pending.rfind(':');
    if (pending.starts_with(table.display() + ".") && pending.substr(colon + 1) == name) {
      script.not_null_checks.insert(pending.substr(0, colon));
    }
  }
}

void on_added_constraint(LintScript& script, const LintTable& table, const AlterCommand& command) {
  const auto definition = field(command.node, "def");
  const auto constraint = definition ? field(*definition, "Constraint") : std::nullopt;
  if (!constraint) return;
  remember(script, table, *constraint);
  if (table.created) return;
  const std::string_view kind = text_field(*constraint, "contype");
  // The table's own name of the constraint is kept, what NOT VALID needs is put around it.
  const std::string sql = without_name(
      piece_at(script.text(), static_cast<size_t>(number_field(*constraint, "location"))));
  if (kind == "CONSTR_FOREIGN") {
    on_foreign_key(script, table, command, *constraint, names_in(*constraint, "fk_attrs"), sql);
  } else if (kind == "CONSTR_CHECK") {
    on_check(script, table, command, *constraint, {}, sql);
  } else if (kind == "CONSTR_UNIQUE" || kind == "CONSTR_PRIMARY") {
    on_unique(script, table, command, *constraint, names_in(*constraint, "keys"));
  } else if (kind == "CONSTR_EXCLUSION") {
    on_exclusion(script, table, command);
  }
}

/// Constraints written beside a new column. A foreign key without a default has only nulls to
/// check, and PostgreSQL knows.
void on_added_column(LintScript& script, const LintTable& table, const AlterCommand& command) {
  const auto definition = field(command.node, "def");
  const auto node = definition ? field(*definition, "ColumnDef") : std::nullopt;
  if (!node || table.created) return;
  const LintColumn column = column_of(*node, script.text());
  for (const auto& part : column.parts) {
    const std::string sql = without_name(part.sql);
    const std::string add = "ALTER TABLE " + table.sql + " ADD COLUMN " + column.bare() + ";\n";
    const size_t before = script.findings.size();
    if (part.kind == "CONSTR_FOREIGN" && column.has("CONSTR_DEFAULT")) {
      on_foreign_key(script, table, command, part.node, {column.name},
                     "FOREIGN KEY (" + quote_ident(column.name) + ") " + sql);
    } else if (part.kind == "CONSTR_CHECK") {
      on_check(script, table, command, part.node, {column.name}, sql);
    } else if (part.kind == "CONSTR_UNIQUE" || part.kind == "CONSTR_PRIMARY") {
      on_unique(script, table, command, part.node, {column.name});
    }
    for (size_t i = before; i < script.findings.size(); ++i) {
      script.findings[i].safer.insert(0, add);
    }
  }
}

}  // namespace

void lint_constraints(LintScript& script) {
  if (script.statement().node == "CreateStmt") return;
  const LintTable table = script.target();
  for (const auto& command : script.commands()) {
    if (command.subtype == "AT_AddConstraint") {
      on_added_constraint(script, table, command);
    } else if (command.subtype == "AT_AddColumn") {
      on_added_column(script, table, command);
    } else if (command.subtype == "AT_SetNotNull" && !table.created) {
      on_set_not_null(script, table, command);
    } else if (command.subtype == "AT_ValidateConstraint") {
      on_validate(script, table, command.name);
    }
  }
}

}  // namespace sluice::sql
