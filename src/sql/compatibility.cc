#include "sql/compatibility.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sql/lint_script.h"

namespace sluice::sql {
namespace {

template <size_t N>
bool one_of(std::string_view name, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

/// Statements that change no schema, or only add to it whatever they say.
constexpr std::array<std::string_view, 23> kHarmless = {
    "SelectStmt",       "InsertStmt",       "UpdateStmt",         "DeleteStmt",
    "MergeStmt",        "CopyStmt",         "ExplainStmt",        "TransactionStmt",
    "VariableSetStmt",  "VariableShowStmt", "LockStmt",           "CommentStmt",
    "CreateSchemaStmt", "CreateStmt",       "CreateTableAsStmt",  "CreateSeqStmt",
    "CreateEnumStmt",   "CreateRangeStmt",  "CompositeTypeStmt",  "CreateStatsStmt",
    "VacuumStmt",       "ReindexStmt",      "RefreshMatViewStmt",
};

/// Commands of ALTER TABLE that no client notices. A default changes what is inserted from then on
/// by those who do not name the column, as whoever sets it wants.
constexpr std::array<std::string_view, 9> kHarmlessCommands = {
    "AT_ValidateConstraint", "AT_SetStatistics",  "AT_SetOptions",
    "AT_ResetOptions",       "AT_SetRelOptions",  "AT_ResetRelOptions",
    "AT_SetStorage",         "AT_SetCompression", "AT_ColumnDefault",
};

bool has_constraint(const Node& column, std::initializer_list<std::string_view> kinds) {
  bool found = false;
  for_each(column, "constraints", [&](const Node& wrapped) {
    if (const auto constraint = field(wrapped, "Constraint")) {
      const auto kind = text_field(*constraint, "contype");
      found |= std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    }
  });
  return found;
}

/// Why a new column may stop those who do not know it; empty: it does not.
std::string column_problem(const Node& column) {
  const auto name = text_field(column, "colname");
  const bool filled =
      has_constraint(column, {"CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"});
  if (has_constraint(column, {"CONSTR_NOTNULL", "CONSTR_PRIMARY"}) && !filled)
    return fmt::format("column \"{}\" must be given and has no default", name);
  if (has_constraint(column, {"CONSTR_CHECK", "CONSTR_EXCLUSION"}) ||
      (filled && has_constraint(column, {"CONSTR_UNIQUE", "CONSTR_FOREIGN"})))
    return fmt::format("a constraint on column \"{}\" may refuse what clients write", name);
  return {};
}

std::string command_problem(const Node& command) {
  const auto subtype = text_field(command, "subtype");
  const auto name = text_field(command, "name");
  if (one_of(subtype, kHarmlessCommands)) return {};
  if (subtype == "AT_AddColumn") {
    const auto definition = field(command, "def");
    const auto column = definition ? field(*definition, "ColumnDef") : std::nullopt;
    return column ? column_problem(*column) : "a column that cannot be told";
  }
  if (subtype == "AT_DropColumn") return fmt::format("column \"{}\" is dropped", name);
  if (subtype == "AT_AlterColumnType") return fmt::format("column \"{}\" gets another type", name);
  if (subtype == "AT_SetNotNull") return fmt::format("column \"{}\" must be given", name);
  if (subtype == "AT_DropNotNull") return fmt::format("column \"{}\" may be null", name);
  if (subtype == "AT_AddConstraint") return "a constraint may refuse what clients write";
  return fmt::format("{} is not known to be harmless",
                     subtype.starts_with("AT_") ? subtype.substr(3) : subtype);
}

/// What a statement that may be harmless or not is, and why not.
void look_closer(std::string_view node, const Node& body, std::vector<std::string>& out) {
  if (node == "AlterTableStmt") {
    for_each(body, "cmds", [&](const Node& wrapped) {
      const auto command = field(wrapped, "AlterTableCmd");
      const std::string why = command ? command_problem(*command) : "a command that is not known";
      if (!why.empty()) out.push_back("ALTER TABLE: " + why);
    });
  } else if (node == "IndexStmt") {
    if (bool_field(body, "unique"))
      out.emplace_back("CREATE UNIQUE INDEX: it may refuse what clients write");
  } else if (node == "ViewStmt" || node == "CreateFunctionStmt") {
    if (bool_field(body, "replace"))
      out.emplace_back("CREATE OR REPLACE: what clients use may be another thing from then on");
  } else if (node == "GrantStmt") {
    if (!bool_field(body, "is_grant")) out.emplace_back("REVOKE: clients may lose what they need");
  } else if (node == "AlterEnumStmt") {
    if (!text_field(body, "oldVal").empty())
      out.emplace_back("ALTER TYPE: a value gets another name");
  } else {
    out.push_back(fmt::format("{} is not known to be harmless to older clients",
                              node.ends_with("Stmt") ? node.substr(0, node.size() - 4) : node));
  }
}

}  // namespace

std::vector<std::string> breaks_older_clients(std::string_view text) {
  LintScript script(text, {});
  std::vector<std::string> out;
  std::string why;
  const bool read = walk_script(script, why, nullptr, [&] {
    const auto& statement = script.statement();
    if (!one_of(statement.node, kHarmless)) look_closer(statement.node, statement.body, out);
  });
  if (!read) return {"the script cannot be read: " + why};
  return out;
}

}  // namespace sluice::sql
