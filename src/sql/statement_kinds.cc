#include "sql/statement_kinds.h"

#include <array>
#include <unordered_map>

namespace sluice::sql {
namespace {

using enum ActionKind;

constexpr std::array kKinds = {
    StatementKind{"SelectStmt", "SELECT", kRead, ""},
    StatementKind{"InsertStmt", "INSERT", kInsert, ""},
    StatementKind{"UpdateStmt", "UPDATE", kUpdate, ""},
    StatementKind{"DeleteStmt", "DELETE", kDelete, ""},
    StatementKind{"MergeStmt", "MERGE", kMerge, ""},
    StatementKind{"TruncateStmt", "TRUNCATE TABLE", kTruncate, ""},
    StatementKind{"CopyStmt", "COPY", kCopyOut, ""},
    StatementKind{"ExplainStmt", "EXPLAIN", kOther, ""},
    StatementKind{"DoStmt", "DO", kCall, ""},
    StatementKind{"CallStmt", "CALL", kCall, ""},
    StatementKind{"PrepareStmt", "PREPARE", kPrepare, ""},
    StatementKind{"ExecuteStmt", "EXECUTE", kPrepare, ""},
    StatementKind{"DeallocateStmt", "DEALLOCATE", kPrepare, ""},
    StatementKind{"DeclareCursorStmt", "DECLARE CURSOR", kCursor, ""},
    StatementKind{"FetchStmt", "FETCH", kCursor, ""},
    StatementKind{"ClosePortalStmt", "CLOSE CURSOR", kCursor, ""},
    StatementKind{"TransactionStmt", "TRANSACTION", kTransaction, ""},
    StatementKind{"VariableSetStmt", "SET", kSessionSetting, ""},
    StatementKind{"VariableShowStmt", "SHOW", kOther, ""},
    StatementKind{"DiscardStmt", "DISCARD", kSessionSetting, ""},
    StatementKind{"ConstraintsSetStmt", "SET CONSTRAINTS", kSessionSetting, ""},
    StatementKind{"LockStmt", "LOCK TABLE", kLock, ""},
    StatementKind{"NotifyStmt", "NOTIFY", kNotify, ""},
    StatementKind{"ListenStmt", "LISTEN", kNotify, ""},
    StatementKind{"UnlistenStmt", "UNLISTEN", kNotify, ""},
    StatementKind{"VacuumStmt", "VACUUM", kMaintenance, ""},
    StatementKind{"ReindexStmt", "REINDEX", kMaintenance, ""},
    StatementKind{"ClusterStmt", "CLUSTER", kMaintenance, ""},
    StatementKind{"CheckPointStmt", "CHECKPOINT", kMaintenance, ""},
    StatementKind{"RefreshMatViewStmt", "REFRESH MATERIALIZED VIEW", kMaintenance, ""},
    StatementKind{"LoadStmt", "LOAD", kOther, ""},
    StatementKind{"GrantStmt", "GRANT", kGrant, ""},
    StatementKind{"GrantRoleStmt", "GRANT ROLE", kGrant, ""},
    StatementKind{"AlterDefaultPrivilegesStmt", "ALTER DEFAULT PRIVILEGES", kGrant, ""},
    StatementKind{"DropStmt", "DROP", kDrop, ""},
    StatementKind{"DropOwnedStmt", "DROP OWNED", kDrop, "owned objects"},
    StatementKind{"DropRoleStmt", "DROP ROLE", kDrop, "role"},
    StatementKind{"DropdbStmt", "DROP DATABASE", kDrop, "database"},
    StatementKind{"DropTableSpaceStmt", "DROP TABLESPACE", kDrop, "tablespace"},
    StatementKind{"DropUserMappingStmt", "DROP USER MAPPING", kDrop, "user mapping"},
    StatementKind{"DropSubscriptionStmt", "DROP SUBSCRIPTION", kDrop, "subscription"},
    StatementKind{"CreateStmt", "CREATE TABLE", kCreate, "table"},
    StatementKind{"CreateTableAsStmt", "CREATE TABLE AS", kCreate, "table"},
    StatementKind{"CreateForeignTableStmt", "CREATE FOREIGN TABLE", kCreate, "foreign table"},
    StatementKind{"CreateSchemaStmt", "CREATE SCHEMA", kCreate, "schema"},
    StatementKind{"CreateFunctionStmt", "CREATE FUNCTION", kCreate, "function"},
    StatementKind{"CreateTrigStmt", "CREATE TRIGGER", kCreate, "trigger"},
    StatementKind{"CreateEventTrigStmt", "CREATE EVENT TRIGGER", kCreate, "event trigger"},
    StatementKind{"CreateSeqStmt", "CREATE SEQUENCE", kCreate, "sequence"},
    StatementKind{"CreateRoleStmt", "CREATE ROLE", kCreate, "role"},
    StatementKind{"CreatedbStmt", "CREATE DATABASE", kCreate, "database"},
    StatementKind{"CreateTableSpaceStmt", "CREATE TABLESPACE", kCreate, "tablespace"},
    StatementKind{"CreateExtensionStmt", "CREATE EXTENSION", kCreate, "extension"},
    StatementKind{"CreateDomainStmt", "CREATE DOMAIN", kCreate, "domain"},
    StatementKind{"CreateEnumStmt", "CREATE TYPE", kCreate, "type"},
    StatementKind{"CreateRangeStmt", "CREATE TYPE", kCreate, "type"},
    StatementKind{"CompositeTypeStmt", "CREATE TYPE", kCreate, "type"},
    StatementKind{"CreateCastStmt", "CREATE CAST", kCreate, "cast"},
    StatementKind{"CreateConversionStmt", "CREATE CONVERSION", kCreate, "conversion"},
    StatementKind{"CreateFdwStmt", "CREATE FOREIGN DATA WRAPPER", kCreate, "foreign data wrapper"},
    StatementKind{"CreateForeignServerStmt", "CREATE SERVER", kCreate, "server"},
    StatementKind{"CreateUserMappingStmt", "CREATE USER MAPPING", kCreate, "user mapping"},
    StatementKind{"CreateOpClassStmt", "CREATE OPERATOR CLASS", kCreate, "operator class"},
    StatementKind{"CreateOpFamilyStmt", "CREATE OPERATOR FAMILY", kCreate, "operator family"},
    StatementKind{"CreatePLangStmt", "CREATE LANGUAGE", kCreate, "language"},
    StatementKind{"CreatePolicyStmt", "CREATE POLICY", kCreate, "policy"},
    StatementKind{"CreatePublicationStmt", "CREATE PUBLICATION", kCreate, "publication"},
    StatementKind{"CreateSubscriptionStmt", "CREATE SUBSCRIPTION", kCreate, "subscription"},
    StatementKind{"CreateStatsStmt", "CREATE STATISTICS", kCreate, "statistics"},
    StatementKind{"CreateTransformStmt", "CREATE TRANSFORM", kCreate, "transform"},
    StatementKind{"CreateAmStmt", "CREATE ACCESS METHOD", kCreate, "access method"},
    StatementKind{"DefineStmt", "CREATE", kCreate, "object"},
    StatementKind{"IndexStmt", "CREATE INDEX", kCreate, "index"},
    StatementKind{"ViewStmt", "CREATE VIEW", kCreate, "view"},
    StatementKind{"RuleStmt", "CREATE RULE", kCreate, "rule"},
    StatementKind{"ImportForeignSchemaStmt", "IMPORT FOREIGN SCHEMA", kCreate, "foreign table"},
    StatementKind{"AlterTableStmt", "ALTER TABLE", kAlter, "table"},
    StatementKind{"AlterTableMoveAllStmt", "ALTER TABLE", kAlter, "table"},
    StatementKind{"AlterSeqStmt", "ALTER SEQUENCE", kAlter, "sequence"},
    StatementKind{"AlterRoleStmt", "ALTER ROLE", kAlter, "role"},
    StatementKind{"AlterRoleSetStmt", "ALTER ROLE", kAlter, "role"},
    StatementKind{"AlterDatabaseStmt", "ALTER DATABASE", kAlter, "database"},
    StatementKind{"AlterDatabaseSetStmt", "ALTER DATABASE", kAlter, "database"},
    StatementKind{"AlterFunctionStmt", "ALTER FUNCTION", kAlter, "function"},
    StatementKind{"AlterEnumStmt", "ALTER TYPE", kAlter, "type"},
    StatementKind{"AlterTypeStmt", "ALTER TYPE", kAlter, "type"},
    StatementKind{"AlterDomainStmt", "ALTER DOMAIN", kAlter, "domain"},
    StatementKind{"AlterPolicyStmt", "ALTER POLICY", kAlter, "policy"},
    StatementKind{"AlterExtensionStmt", "ALTER EXTENSION", kAlter, "extension"},
    StatementKind{"AlterPublicationStmt", "ALTER PUBLICATION", kAlter, "publication"},
    StatementKind{"AlterSubscriptionStmt", "ALTER SUBSCRIPTION", kAlter, "subscription"},
    StatementKind{"AlterTableSpaceOptionsStmt", "ALTER TABLESPACE", kAlter, "tablespace"},
    StatementKind{"RenameStmt", "ALTER", kAlter, ""},
    StatementKind{"CommentStmt", "COMMENT", kAlter, "comment"},
    StatementKind{"SecLabelStmt", "SECURITY LABEL", kAlter, "security label"},
    StatementKind{"ReassignOwnedStmt", "REASSIGN OWNED", kAlter, "owned objects"},
    StatementKind{"AlterSystemStmt", "ALTER SYSTEM", kAlter, "system"},
};

}  // namespace

const StatementKind* find_statement_kind(std::string_view node) {
  static const auto by_node = [] {
    std::unordered_map<std::string_view, const StatementKind*> map;
    for (const StatementKind& kind : kKinds) map.emplace(kind.node, &kind);
    return map;
  }();
  const auto it = by_node.find(node);
  if (it != by_node.end()) return it->second;
  static constexpr StatementKind kAlterOther{"", "ALTER", kAlter, "object"};
  return node.starts_with("Alter") ? &kAlterOther : nullptr;
}

std::string_view name_of(ActionKind kind) {
  switch (kind) {
    case kRead:
      return "read";
    case kReadCatalog:
      return "read_catalog";
    case kInsert:
      return "insert";
    case kUpdate:
      return "update";
    case kDelete:
      return "delete";
    case kMerge:
      return "merge";
    case kTruncate:
      return "truncate";
    case kCopyIn:
      return "copy_in";
    case kCopyOut:
      return "copy_out";
    case kCreate:
      return "create";
    case kAlter:
      return "alter";
    case kDrop:
      return "drop";
    case kGrant:
      return "grant";
    case kRevoke:
      return "revoke";
    case kRoleChange:
      return "role_change";
    case kCall:
      return "call";
    case kFunction:
      return "function";
    case kMaintenance:
      return "maintenance";
    case kSessionSetting:
      return "session_setting";
    case kTransaction:
      return "transaction";
    case kLock:
      return "lock";
    case kNotify:
      return "notify";
    case kPrepare:
      return "prepare";
    case kCursor:
      return "cursor";
    case kOther:
      return "other";
  }
  return "other";
}

}  // namespace sluice::sql
