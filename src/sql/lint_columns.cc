#include <algorithm>

#include "sql/lexer.h"
#include "sql/lint_column.h"
#include "sql/lint_dependents.h"
#include "sql/lint_script.h"

namespace sluice::sql {
namespace {

/// Copies values in short transactions; each run takes some thousand rows.
std::string fill(const LintTable& table, const std::string& column, const std::string& value,
                 const std::string& condition) {
  return "-- repeat until it changes no row:\nUPDATE " + table.sql + " SET " + quote_ident(column) +
         " = " + value + " WHERE ctid = ANY (ARRAY(\n  SELECT ctid FROM " + table.sql + " WHERE " +
         condition + " LIMIT 10000));\n";
}

std::string alter(const LintTable& table, const std::string& command) {
  return "ALTER TABLE " + table.sql + " " + command + ";\n";
}

/// "DEFAULT expr" without its first word.
std::string default_value(const LintColumn::Part& part) {
  Lexer lexer(part.sql);
  Token token = lexer.next();
  while (token.kind != TokenKind::kEnd && !is_word(token, "default")) token = lexer.next();
  const Token value = lexer.next();
  if (value.kind == TokenKind::kEnd) return "NULL";
  return part.sql.substr(static_cast<size_t>(value.text.data() - part.sql.data()));
}

/// The column for now, its default for new rows, then the old rows.
std::string add_and_fill(const LintTable& table, const LintColumn& column,
                         const std::string& value) {
  return alter(table, "ADD COLUMN " + column.bare()) +
         alter(table, "ALTER COLUMN " + quote_ident(column.name) + " SET DEFAULT " + value) +
         fill(table, column.name, value, quote_ident(column.name) + " IS NULL");
}

std::string sequence_type(const LintColumn& column) {
  if (column.type.name.starts_with("small") || column.type.name == "serial2") return "smallint";
  if (column.type.serial() && (column.type.name == "serial" || column.type.name == "serial4")) {
    return "integer";
  }
  return column.type.serial() ? "bigint" : column.type_sql;
}

void on_numbered(LintScript& script, const LintTable& table, const AlterCommand& command,
                 const LintColumn& column) {
  const std::string sequence = quote_ident(table.name + "_" + column.name + "_seq");
  LintColumn plain = column;
  plain.type_sql = sequence_type(column);
  const std::string owner = table.sql + "." + quote_ident(column.name);
  const std::string where =
      table.sql.find('.') == std::string::npos ? sequence : quote_ident(table.schema) + "." + sequence;
  const std::string safer = "CREATE SEQUENCE " + where + " AS " + plain.type_sql + ";\n" +
                            add_and_fill(table, plain, "nextval(" + literal(where) + ")") +
                            "ALTER SEQUENCE " + where + " OWNED BY " + owner + ";\n";
  auto& finding = script.report(
      "add-serial-or-identity-column-rewrites", table, command,
      "each row of " + table.sql + " gets a number in " + column.name + ": the table is rewritten",
      safer);
  finding.rewrites = finding.scans = true;
}

void on_generated(LintScript& script, const LintTable& table, const AlterCommand& command,
                  const LintColumn& column, const LintColumn::Part& part) {
  // "GENERATED ALWAYS AS (expr) STORED": the expression in its parentheses.
  const size_t open = part.sql.find('(');
  const size_t close = part.sql.rfind(')');
  const std::string expression = open != std::string::npos && close != std::string::npos
                                     ? part.sql.substr(open, close - open + 1)
                                     : "NULL";
  auto& finding = script.report(
      "add-generated-stored-rewrites", table, command,
      column.name + " is computed for each row of " + table.sql + ": the table is rewritten",
      alter(table, "ADD COLUMN " + column.bare()) +
          "-- let a BEFORE INSERT OR UPDATE trigger set it for new rows\n" +
          fill(table, column.name, expression,
               quote_ident(column.name) + " IS DISTINCT FROM " + expression));
  finding.rewrites = finding.scans = true;
}

void on_default(LintScript& script, const LintTable& table, const AlterCommand& command,
                const LintColumn& column, const LintColumn::Part& part) {
  const auto expression = field(part.node, "raw_expr");
  if (!expression) return;
  const Volatility volatility = volatility_of(*expression, script);
  if (volatility == Volatility::kStable) return;
  const std::string value = default_value(part);
  const bool sure = volatility == Volatility::kVolatile;
  auto& finding = script.report(
      "volatile-default-rewrites", table, command,
      sure ? "the default " + value + " differs by row: " + table.sql + " is rewritten"
           : "the default " + value + " calls a function that may be volatile: if it is, " +
                 table.sql + " is rewritten",
      add_and_fill(table, column, value));
  finding.rewrites = finding.scans = sure;
}

void on_not_null(LintScript& script, const LintTable& table, const AlterCommand& command,
                 const LintColumn& column) {
  const std::string name = quote_ident(table.name + "_" + column.name + "_not_null");
  auto& finding = script.report(
      "not-null-without-default", table, command,
      "fails if " + table.sql + " has any row: " + column.name + " would be null in it",
      alter(table, "ADD COLUMN " + column.bare()) + "-- fill it in batches, then:\n" +
          alter(table, "ADD CONSTRAINT " + name + " CHECK (" + quote_ident(column.name) +
                           " IS NOT NULL) NOT VALID") +
          alter(table, "VALIDATE CONSTRAINT " + name) +
          alter(table, "ALTER COLUMN " + quote_ident(column.name) + " SET NOT NULL") +
          alter(table, "DROP CONSTRAINT " + name));
  finding.scans = true;
}

/// The domain's base type, when the column's type is a domain with constraints.
const catalog::Type* constrained_domain(const LintScript& script, const LintColumn& column) {
  if (script.catalog() == nullptr) return nullptr;
  const auto* type =
      script.catalog()->type(script.search_path(), column.type.schema, column.type.name);
  const bool constrained = type != nullptr && type->kind == 'd' && !type->definition.empty();
  return constrained ? type : nullptr;
}

void on_domain(LintScript& script, const LintTable& table, const AlterCommand& command,
               const LintColumn& column, const catalog::Type& domain) {
  const auto* base = script.catalog()->type(domain.base);
  const std::string base_name = base == nullptr ? "text" : quote_ident(base->name);
  auto& finding = script.report(
      "add-constrained-domain-column-rewrites", table, command,
      "domain " + domain.name + " has constraints: " + table.sql + " is rewritten to check them",
      alter(table, "ADD COLUMN " + quote_ident(column.name) + " " + base_name) +
          "-- and the domain's own condition as a CHECK … NOT VALID: " + domain.definition + "\n");
  finding.rewrites = finding.scans = true;
}

void on_added_column(LintScript& script, const LintTable& table, const AlterCommand& command) {
  const auto definition = field(command.node, "def");
  const auto node = definition ? field(*definition, "ColumnDef") : std::nullopt;
  if (!node || table.created) return;
  const LintColumn column = column_of(*node, script.text());
  const auto* generated = column.part("CONSTR_GENERATED");
  const auto* value = column.part("CONSTR_DEFAULT");
  const bool numbered = column.type.serial() || column.has("CONSTR_IDENTITY");
  if (numbered) {
    on_numbered(script, table, command, column);
  } else if (generated != nullptr) {
    on_generated(script, table, command, column, *generated);
  } else if (value != nullptr) {
    on_default(script, table, command, column, *value);
  } else if (column.has("CONSTR_NOTNULL") || column.has("CONSTR_PRIMARY")) {
    on_not_null(script, table, command, column);
  }
  if (const auto* domain = constrained_domain(script, column)) {
    on_domain(script, table, command, column, *domain);
  }
}

/// USING that is the column itself, perhaps cast to the new type.
bool trivial_using(const Node& expression, std::string_view column, const LintType& type) {
  if (const auto cast = field(expression, "TypeCast")) {
    const auto arg = field(*cast, "arg");
    const auto to = field(*cast, "typeName");
    if (!arg || !to) return false;
    const LintType target = type_of(*to);
    return target.name == type.name && target.modifiers == type.modifiers &&
           trivial_using(*arg, column, type);
  }
  const auto reference = field(expression, "ColumnRef");
  if (!reference) return false;
  const auto names = names_in(*reference, "fields");
  return !names.empty() && names.back() == column;
}

std::string exchange(const LintTable& table, const std::string& column, const std::string& type_sql,
                     const std::string& value) {
  const std::string fresh = column + "_new";
  return alter(table, "ADD COLUMN " + quote_ident(fresh) + " " + type_sql) +
         "-- let clients or a trigger write both columns\n" +
         fill(table, fresh, value,
              quote_ident(fresh) + " IS NULL AND " + quote_ident(column) + " IS NOT NULL") +
         "-- indexes, constraints and the default likewise; then:\nBEGIN;\n"
         "SET LOCAL lock_timeout = '2s';\n" +
         alter(table, "DROP COLUMN " + quote_ident(column)) +
         alter(table, "RENAME COLUMN " + quote_ident(fresh) + " TO " + quote_ident(column)) + "COMMIT;\n";
}

void on_type(LintScript& script, const LintTable& table, const AlterCommand& command) {
  const auto definition = field(command.node, "def");
  const auto node = definition ? field(*definition, "ColumnDef") : std::nullopt;
  const auto type_node = node ? field(*node, "typeName") : std::nullopt;
  if (!type_node || table.created) return;
  const LintType to = type_of(*type_node);
  const auto using_clause = field(*node, "raw_default");
  const bool computed = using_clause && !trivial_using(*using_clause, command.name, to);
  const auto* old = table.relation == nullptr ? nullptr : table.relation->column(command.name);
  if (!computed && old != nullptr && keeps_table(parse_type(old->type_name), to)) return;
  std::string type_sql(
      piece_at(script.text(), static_cast<size_t>(number_field(*type_node, "location"))));
  std::string value = quote_ident(command.name) + "::" + type_sql;
  // "numeric(10,2) USING expr": the type ends where USING begins.
  Lexer lexer(type_sql);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    if (!is_word(token, "using")) continue;
    const auto at = static_cast<size_t>(token.text.data() - type_sql.data());
    value = type_sql.substr(at + token.text.size());
    value.erase(0, value.find_first_not_of(" \t\r\n"));
    type_sql.resize(type_sql.find_last_not_of(" \t\r\n", at - 1) + 1);
    break;
  }
  const std::string column(command.name);
  const bool sure = computed || old != nullptr;
  auto& finding = script.report(
      "change-column-type-rewrites", table, command,
      sure ? "the change of " + column + (old == nullptr ? "" : " from " + old->type_name) +
                 " to " + type_sql + " rewrites " + table.sql + " and its indexes"
           : "unless the old type of " + column + " is stored like " + type_sql + ", " + table.sql +
                 " and its indexes are rewritten",
      exchange(table, column, type_sql, value));
  finding.rewrites = finding.scans = sure;
  if (old != nullptr) {
    finding.dependents = dependents_of(*script.catalog(), *table.relation, command.name);
  }
}

/// Types that are regretted, wherever a column is defined.
void on_column_type(LintScript& script, const LintTable& table, const LintColumn& column) {
  const std::string& type = column.type.name;
  const auto advise = [&](std::string_view rule, const std::string& better) {
    script
        .report(rule, table, column.name + " has type " + column.type_sql,
                quote_ident(column.name) + " " + better)
        .lock = LockLevel::kNone;
  };
  if (column.type.serial() && script.statement().node == "CreateStmt") {
    advise("serial-instead-of-identity", "bigint GENERATED ALWAYS AS IDENTITY");
  } else if (type == "timestamp") {
    advise("timestamp-without-time-zone", "timestamptz");
  } else if (type == "bpchar") {
    const std::string limit =
        std::to_string(column.type.modifiers.empty() ? 1 : column.type.modifiers[0]);
    advise("char-n", "text CHECK (length(" + quote_ident(column.name) + ") <= " + limit + ")");
  } else if (type == "json") {
    advise("json-instead-of-jsonb", "jsonb");
  } else if (type == "money") {
    advise("money-type", "numeric(19,4)");
  }
}

bool small_integer(const LintType& type) {
  static constexpr std::string_view kSmall[] = {"int4",    "int2",        "serial",
                                                "serial4", "smallserial", "serial2"};
  return !type.array &&
         std::find(std::begin(kSmall), std::end(kSmall), type.name) != std::end(kSmall);
}

void on_new_table(LintScript& script, const LintTable& table) {
  std::vector<std::string> key;
  for_each(script.statement().body, "tableElts", [&](const Node& element) {
    const auto constraint = field(element, "Constraint");
    if (constraint && text_field(*constraint, "contype") == "CONSTR_PRIMARY") {
      key = names_in(*constraint, "keys");
    }
  });
  for_each(script.statement().body, "tableElts", [&](const Node& element) {
    const auto node = field(element, "ColumnDef");
    if (!node) return;
    const LintColumn column = column_of(*node, script.text());
    on_column_type(script, table, column);
    const bool alone = column.has("CONSTR_PRIMARY") || (key.size() == 1 && key[0] == column.name);
    if (!alone || !small_integer(column.type) || column.has("CONSTR_FOREIGN")) return;
    script
        .report("integer-primary-key-overflow", table,
                "primary key " + column.name + " has type " + column.type_sql,
                quote_ident(column.name) + " bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
        .lock = LockLevel::kNone;
  });
}

}  // namespace

void lint_columns(LintScript& script) {
  const LintTable table = script.target();
  if (script.statement().node == "CreateStmt") on_new_table(script, table);
  for (const auto& command : script.commands()) {
    if (command.subtype == "AT_AddColumn") {
      on_added_column(script, table, command);
      const auto definition = field(command.node, "def");
      const auto node = definition ? field(*definition, "ColumnDef") : std::nullopt;
      if (node) on_column_type(script, table, column_of(*node, script.text()));
    } else if (command.subtype == "AT_AlterColumnType") {
      on_type(script, table, command);
    }
  }
}

}  // namespace sluice::sql
