#include "sql/lock_level.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "sql/options.h"

namespace sluice::sql {
namespace {

using enum LockLevel;

/// LockStmt.mode counts PostgreSQL's modes from AccessShareLock = 1.
LockLevel from_mode(const Node& body) {
  int64_t mode = 0;
  const auto found = field(body, "mode");
  if (!found || found->get(mode) != simdjson::SUCCESS || mode < 1 || mode > 8) {
    return kAccessExclusive;
  }
  return static_cast<LockLevel>(mode);
}

/// Table options that can be changed beside everything but schema changes and VACUUM.
bool cheap_options(const Node& command) {
  static const std::unordered_set<std::string_view> cheap = {
      "fillfactor",        "toast_tuple_target",   "parallel_workers",
      "deduplicate_items", "pages_per_range",      "autosummarize",
      "vacuum_truncate",   "vacuum_index_cleanup", "log_autovacuum_min_duration"};
  bool all = true;
  const auto check = [&](const Node& wrapper) {
    const auto option = field(wrapper, "DefElem");
    const std::string_view name = option ? text_field(*option, "defname") : "";
    all = all && (cheap.contains(name) || name.starts_with("autovacuum_"));
  };
  if (const auto definition = field(command, "def")) {
    if (const auto list = field(*definition, "List")) {
      for_each(*list, "items", check);
      return all;
    }
  }
  return false;
}

LockLevel of_added_constraint(const Node& command) {
  const auto definition = field(command, "def");
  const auto constraint = definition ? field(*definition, "Constraint") : std::nullopt;
  return constraint && text_field(*constraint, "contype") == "CONSTR_FOREIGN" ? kShareRowExclusive
                                                                              : kAccessExclusive;
}

bool concurrent_detach(const Node& command) {
  const auto definition = field(command, "def");
  const auto partition = definition ? field(*definition, "PartitionCmd") : std::nullopt;
  return partition && bool_field(*partition, "concurrent");
}

LockLevel of_alter_table(const Node& body) {
  LockLevel strongest = kNone;
  for_each(body, "cmds", [&](const Node& wrapper) {
    const auto command = field(wrapper, "AlterTableCmd");
    strongest = std::max(strongest, command ? lock_of_subcommand(*command) : kAccessExclusive);
  });
  return strongest;
}

LockLevel of_drop(const Node& body) {
  const std::string_view type = text_field(body, "removeType");
  static const std::unordered_set<std::string_view> relations = {
      "OBJECT_TABLE",    "OBJECT_VIEW",          "OBJECT_MATVIEW", "OBJECT_SEQUENCE",
      "OBJECT_INDEX",    "OBJECT_FOREIGN_TABLE", "OBJECT_TRIGGER", "OBJECT_RULE",
      "OBJECT_POLICY",   "OBJECT_SCHEMA",        "OBJECT_TYPE",    "OBJECT_DOMAIN",
      "OBJECT_EXTENSION"};
  if (type == "OBJECT_INDEX" && bool_field(body, "concurrent")) return kShareUpdateExclusive;
  if (type == "OBJECT_STATISTIC_EXT" || type == "OBJECT_PUBLICATION") return kShareUpdateExclusive;
  // CASCADE may reach columns, defaults, constraints and views.
  const bool cascade = text_field(body, "behavior") == "DROP_CASCADE";
  return relations.contains(type) || cascade ? kAccessExclusive : kNone;
}

LockLevel of_rename(const Node& body) {
  static const std::unordered_set<std::string_view> relations = {
      "OBJECT_TABLE",         "OBJECT_VIEW",      "OBJECT_MATVIEW", "OBJECT_SEQUENCE",
      "OBJECT_FOREIGN_TABLE", "OBJECT_COLUMN",    "OBJECT_TRIGGER", "OBJECT_RULE",
      "OBJECT_POLICY",        "OBJECT_ATTRIBUTE", "OBJECT_TYPE",    "OBJECT_TABCONSTRAINT"};
  const std::string_view type = text_field(body, "renameType");
  if (type == "OBJECT_INDEX") return kShareUpdateExclusive;
  return relations.contains(type) ? kAccessExclusive : kNone;
}

LockLevel of_comment(const Node& body) {
  static const std::unordered_set<std::string_view> relations = {
      "OBJECT_TABLE", "OBJECT_VIEW",          "OBJECT_MATVIEW", "OBJECT_SEQUENCE",
      "OBJECT_INDEX", "OBJECT_FOREIGN_TABLE", "OBJECT_COLUMN"};
  static const std::unordered_set<std::string_view> parts = {
      "OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY", "OBJECT_TABCONSTRAINT"};
  const std::string_view type = text_field(body, "objtype");
  if (relations.contains(type)) return kShareUpdateExclusive;
  return parts.contains(type) ? kAccessShare : kNone;
}

LockLevel of_create_table(const Node& body) {
  if (field(body, "partbound")) return kAccessExclusive;  // of the partitioned table
  LockLevel strongest = field(body, "inhRelations") ? kShareUpdateExclusive : kNone;
  const auto constraint = [&](const Node& wrapper) {
    const auto found = field(wrapper, "Constraint");
    if (found && text_field(*found, "contype") == "CONSTR_FOREIGN") {
      strongest = std::max(strongest, kShareRowExclusive);  // of the table it points to
    }
  };
  for_each(body, "tableElts", [&](const Node& element) {
    constraint(element);
    if (const auto column = field(element, "ColumnDef"))
      for_each(*column, "constraints", constraint);
    if (field(element, "TableLikeClause")) strongest = std::max(strongest, kAccessShare);
  });
  return strongest;
}

LockLevel of_moved_object(const Node& body) {
  static const std::unordered_set<std::string_view> relations = {
      "OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW",       "OBJECT_SEQUENCE",
      "OBJECT_INDEX", "OBJECT_TYPE", "OBJECT_FOREIGN_TABLE", "OBJECT_TRIGGER"};
  return relations.contains(text_field(body, "objectType")) ? kAccessExclusive : kNone;
}

LockLevel of_held(const Node& body) {
  LockLevel strongest = kNone;
  simdjson::dom::object object;
  const auto query = field(body, "query");
  if (!query || query->get(object) != simdjson::SUCCESS) return kAccessExclusive;
  for (const auto [name, statement] : object) {
    strongest = std::max(strongest, lock_of(name, statement));
  }
  return strongest;
}

LockLevel of_import_or_export(const Node& body) {
  return bool_field(body, "is_from") ? kRowExclusive : kAccessShare;
}

LockLevel of_vacuum(const Node& body) {
  return bool_field(body, "is_vacuumcmd") && option_on(body, "options", "full")
             ? kAccessExclusive
             : kShareUpdateExclusive;
}

LockLevel of_publication(const Node& body) {
  return field(body, "pubobjects") ? kShareUpdateExclusive : kNone;
}

using Rule = LockLevel (*)(const Node&);

/// Statements whose lock depends on how they are written.
const std::unordered_map<std::string_view, Rule>& by_shape() {
  static const std::unordered_map<std::string_view, Rule> rules = {
      {"SelectStmt",
       [](const Node& body) { return field(body, "lockingClause") ? kRowShare : kAccessShare; }},
      {"CopyStmt", of_import_or_export},
      {"LockStmt", from_mode},
      {"DropStmt", of_drop},
      {"IndexStmt",
       [](const Node& body) {
         return bool_field(body, "concurrent") ? kShareUpdateExclusive : kShare;
       }},
      {"ViewStmt",
       [](const Node& body) {
         return bool_field(body, "replace") ? kAccessExclusive : kAccessShare;
       }},
      {"ReindexStmt",
       [](const Node& body) {
         return option_on(body, "params", "concurrently") ? kShareUpdateExclusive
                                                          : kAccessExclusive;
       }},
      {"VacuumStmt", of_vacuum},
      {"RefreshMatViewStmt",
       [](const Node& body) {
         return bool_field(body, "concurrent") ? kExclusive : kAccessExclusive;
       }},
      {"CommentStmt", of_comment},
      {"SecLabelStmt", of_comment},
      {"RenameStmt", of_rename},
      {"AlterTableStmt", of_alter_table},
      {"AlterObjectSchemaStmt", of_moved_object},
      {"AlterObjectDependsStmt", of_moved_object},
      {"CreateStmt", of_create_table},
      {"CreateForeignTableStmt",
       [](const Node& body) {
         const auto base = field(body, "base");
         return base ? of_create_table(*base) : kAccessExclusive;
       }},
      {"CreatePublicationStmt", of_publication},
      {"AlterPublicationStmt", of_publication},
      {"ExplainStmt", of_held},
      {"PrepareStmt", of_held},
      {"DeclareCursorStmt", of_held},
  };
  return rules;
}

struct Fixed {
  LockLevel level;
  std::initializer_list<std::string_view> nodes;
};

/// Statements that always take the same lock.
const std::unordered_map<std::string_view, LockLevel>& by_node() {
  static const auto levels = [] {
    std::unordered_map<std::string_view, LockLevel> map;
    const std::initializer_list<Fixed> all = {
        {kNone,
         {"TransactionStmt",
          "VariableSetStmt",
          "VariableShowStmt",
          "DiscardStmt",
          "ConstraintsSetStmt",
          "NotifyStmt",
          "ListenStmt",
          "UnlistenStmt",
          "DeallocateStmt",
          "FetchStmt",
          "ClosePortalStmt",
          "CheckPointStmt",
          "LoadStmt",
          "DoStmt",
          "CallStmt",
          "GrantStmt",
          "GrantRoleStmt",
          "AlterDefaultPrivilegesStmt",
          "DropRoleStmt",
          "DropTableSpaceStmt",
          "DropUserMappingStmt",
          "DropSubscriptionStmt",
          "CreateSchemaStmt",
          "CreateFunctionStmt",
          "CreateEventTrigStmt",
          "CreateRoleStmt",
          "CreatedbStmt",
          "CreateTableSpaceStmt",
          "CreateExtensionStmt",
          "CreateDomainStmt",
          "CreateEnumStmt",
          "CreateRangeStmt",
          "CompositeTypeStmt",
          "CreateCastStmt",
          "CreateConversionStmt",
          "CreateFdwStmt",
          "CreateForeignServerStmt",
          "CreateUserMappingStmt",
          "CreateOpClassStmt",
          "CreateOpFamilyStmt",
          "CreatePLangStmt",
          "CreateSubscriptionStmt",
          "CreateTransformStmt",
          "CreateAmStmt",
          "DefineStmt",
          "ImportForeignSchemaStmt",
          "AlterSystemStmt",
          "AlterEnumStmt",
          "AlterTypeStmt",
          "AlterOwnerStmt",
          "AlterFunctionStmt",
          "AlterRoleStmt",
          "AlterRoleSetStmt",
          "AlterDatabaseStmt",
          "AlterDatabaseSetStmt",
          "AlterDatabaseRefreshCollStmt",
          "AlterTableSpaceOptionsStmt",
          "AlterCollationStmt",
          "AlterEventTrigStmt",
          "AlterFdwStmt",
          "AlterForeignServerStmt",
          "AlterUserMappingStmt",
          "AlterOperatorStmt",
          "AlterOpFamilyStmt",
          "AlterSubscriptionStmt",
          "AlterTSConfigurationStmt",
          "AlterTSDictionaryStmt",
          "AlterStatsStmt"}},
        {kAccessShare, {"CreateTableAsStmt", "CreateSeqStmt"}},
        // What EXECUTE runs cannot change more than rows.
        {kRowExclusive, {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "ExecuteStmt"}},
        {kShareUpdateExclusive, {"CreateStatsStmt", "AlterExtensionContentsStmt"}},
        {kShare, {"AlterDomainStmt"}},  // of the tables that use the domain
        {kShareRowExclusive, {"CreateTrigStmt", "AlterSeqStmt"}},
    };
    for (const Fixed& fixed : all) {
      for (const std::string_view node : fixed.nodes) map.emplace(node, fixed.level);
    }
    return map;
  }();
  return levels;
}

}  // namespace

LockLevel lock_of_subcommand(const Node& command) {
  static const std::unordered_set<std::string_view> triggers = {
      "AT_EnableTrig",     "AT_EnableAlwaysTrig", "AT_EnableReplicaTrig", "AT_EnableTrigAll",
      "AT_EnableTrigUser", "AT_DisableTrig",      "AT_DisableTrigAll",    "AT_DisableTrigUser"};
  static const std::unordered_set<std::string_view> light = {
      "AT_SetStatistics",   "AT_SetOptions",
      "AT_ResetOptions",    "AT_ClusterOn",
      "AT_DropCluster",     "AT_ValidateConstraint",
      "AT_AttachPartition", "AT_DetachPartitionFinalize"};
  const std::string_view what = text_field(command, "subtype");
  if (what == "AT_AddConstraint") return of_added_constraint(command);
  if (triggers.contains(what)) return kShareRowExclusive;
  const bool options = what == "AT_SetRelOptions" || what == "AT_ResetRelOptions";
  if (light.contains(what) || (options && cheap_options(command)) ||
      (what == "AT_DetachPartition" && concurrent_detach(command))) {
    return kShareUpdateExclusive;
  }
  return kAccessExclusive;
}

LockLevel lock_of(std::string_view node_name, const Node& body) {
  if (const auto it = by_shape().find(node_name); it != by_shape().end()) return it->second(body);
  const auto it = by_node().find(node_name);
  // TRUNCATE, CLUSTER, CREATE RULE, CREATE POLICY, DROP OWNED and what is not known.
  return it == by_node().end() ? kAccessExclusive : it->second;
}

std::string_view name_of(LockLevel level) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "",      "access_share",        "row_share", "row_exclusive",   "share_update_exclusive",
      "share", "share_row_exclusive", "exclusive", "access_exclusive"};
  return kNames.at(static_cast<size_t>(level));
}

std::string_view sql_name_of(LockLevel level) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "",      "ACCESS SHARE",        "ROW SHARE", "ROW EXCLUSIVE",   "SHARE UPDATE EXCLUSIVE",
      "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"};
  return kNames.at(static_cast<size_t>(level));
}

}  // namespace sluice::sql
