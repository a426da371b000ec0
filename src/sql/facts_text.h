#pragma once

// Facts as short texts, for tests.

#include <string>

#include "sql/statement_facts.h"

namespace sluice::sql {

inline std::string column_text(ColumnRef ref, const catalog::Catalog* catalog) {
  const auto* relation = catalog != nullptr ? catalog->relation(ref.relation) : nullptr;
  const auto* column = relation != nullptr ? relation->column(ref.column) : nullptr;
  return (relation != nullptr ? relation->name : std::to_string(ref.relation)) + "." +
         (column != nullptr ? column->name : std::to_string(ref.column));
}

/// "users.ssn", "lower(users.ssn)".
inline std::string source_text(const Source& source, const catalog::Catalog* catalog) {
  std::string text = column_text(source.column, catalog);
  for (auto f = source.functions.rbegin(); f != source.functions.rend(); ++f) {
    text = *f + "(" + text + ")";
  }
  return source.as_is || !source.functions.empty() ? text : "?(" + text + ")";
}

/// "read public.users public.admins*; delete! public.log": * reached, ! without WHERE, ? not in
/// the catalog.
inline std::string actions_text(const StatementFacts& facts) {
  std::string out;
  for (const Action& action : facts.actions) {
    if (!out.empty()) out += "; ";
    out += name_of(action.kind);
    if (!action.object_kind.empty()) out += "/" + action.object_kind;
    if (action.without_where) out += "!";
    for (const Object& target : action.targets) {
      out += " " + target.display() + (target.oid == 0 ? "?" : "") + (target.reached ? "*" : "");
    }
  }
  return out;
}

inline std::string columns_text(const std::vector<OutputColumn>& columns,
                                const catalog::Catalog* catalog) {
  std::string out;
  for (const OutputColumn& column : columns) {
    if (!out.empty()) out += "; ";
    out += column.name + ":";
    for (const Source& source : column.sources) out += " " + source_text(source, catalog);
    if (column.unknown) out += " …";
  }
  return out;
}

inline std::string copy_text(const CopyOut& copy) {
  const auto character = [](char c) { return c == 0 ? std::string("-") : std::string(1, c); };
  std::string out = "copy(" + copy.format + " " + character(copy.delimiter) + " '" +
                    copy.null_text + "' " + character(copy.quote) + character(copy.escape);
  if (copy.header) out += " header";
  if (!copy.encoding.empty()) out += " " + copy.encoding;
  for (const std::string& name : copy.force_quote) out += " quote=" + name;
  if (copy.force_quote_all) out += " quote=*";
  return out + (copy.to_stdout ? ")" : " elsewhere)");
}

/// "id: users.id; n: lower(users.name)"; "…" after the sources of what cannot be known.
inline std::string output_text(const StatementFacts& facts, const catalog::Catalog* catalog) {
  return columns_text(facts.last_output(), catalog);
}

/// Each statement's columns as above, and what else is known of its result: "rows[id: users.id]
/// prepares=p[]"; * where columns are unknown.
inline std::string results_text(const StatementFacts& facts, const catalog::Catalog* catalog) {
  std::string out;
  for (const StatementResult& result : facts.results) {
    if (!out.empty()) out += " | ";
    if (result.explained) out += "explained ";
    if (!result.executes.empty()) out += "executes=" + result.executes + " ";
    if (!result.fetches.empty()) out += "fetches=" + result.fetches + " ";
    if (!result.declares.empty()) out += "declares=" + result.declares + " ";
    if (!result.prepares.empty()) out += "prepares=" + result.prepares + " ";
    if (result.copy) out += copy_text(*result.copy) + " ";
    out += result.returns_rows ? "rows" : "no rows";
    out += "[" + columns_text(result.columns, catalog) + "]";
    if (result.unknown_columns) out += "*";
  }
  return out;
}

/// "users.id=o users.ssn=pj": o output, p predicate, j join, g grouping, s ordering, w written,
/// ? probed, ! given away, c arbiter of ON CONFLICT.
inline std::string uses_text(const StatementFacts& facts, const catalog::Catalog* catalog) {
  std::string out;
  for (const UsedColumn& use : facts.columns) {
    if (!out.empty()) out += " ";
    out += column_text(use.column, catalog) + "=";
    for (int bit = 0; bit < 9; ++bit) {
      if ((use.uses & (1 << bit)) != 0) out.push_back("opjgsw?!c"[bit]);
    }
  }
  return out;
}

inline std::string written_text(const StatementFacts& facts, const catalog::Catalog* catalog) {
  std::string out;
  for (const WrittenColumn& column : facts.written) {
    if (!out.empty()) out += "; ";
    out += column_text(column.target, catalog) + ":";
    for (const Source& source : column.sources) out += " " + source_text(source, catalog);
    if (column.unknown) out += " …";
  }
  return out;
}

/// "whoami* pg_read_file(file)".
inline std::string functions_text(const StatementFacts& facts) {
  std::string out;
  for (const FunctionUse& use : facts.functions) {
    if (!out.empty()) out += " ";
    out += use.name + (use.reached ? "*" : "");
    if (use.risk != FunctionRisk::kNone) out += "(" + std::string(name_of(use.risk)) + ")";
  }
  return out;
}

/// The flags that are set, in the order of the header.
inline std::string flags_text(const StatementFacts& facts) {
  std::string out;
  const auto add = [&](bool set, std::string_view name) {
    if (!set) return;
    if (!out.empty()) out += " ";
    out += name;
  };
  add(facts.dynamic_sql, "dynamic");
  add(facts.has_limit, "limit");
  add(facts.cartesian, "cartesian");
  add(facts.writes, "writes");
  add(facts.schema_change, "schema");
  add(facts.temporary_change, "temporary");
  add(facts.may_change_settings, "settings");
  add(facts.outside_transaction, "outside");
  add(facts.unresolved, "unresolved");
  return out;
}

/// All of it, to compare.
inline std::string facts_text(const StatementFacts& facts, const catalog::Catalog* catalog) {
  std::string out = facts.kind + "\n" + actions_text(facts) + "\n" + results_text(facts, catalog) +
                    "\n" + uses_text(facts, catalog) + "\n" + written_text(facts, catalog) + "\n" +
                    functions_text(facts) + "\n" + flags_text(facts);
  for (const auto& table : facts.tables) out += "\n" + table;
  for (const auto& action : facts.actions) {
    out += "\n" + std::string(name_of(action.lock)) + (action.cascade ? " cascade" : "");
  }
  for (const auto effect : facts.transaction)
    out += "\n" + std::to_string(static_cast<int>(effect));
  for (const auto& use : facts.prepared) out += "\nprepared " + use.name;
  for (const auto& name : facts.cursors) out += "\ncursor " + name;
  return out;
}

}  // namespace sluice::sql
