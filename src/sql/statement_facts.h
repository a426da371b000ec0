#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

/// Settings of a session that change what a text means; part of every cache key.
struct Settings {
  bool standard_conforming_strings = true;
  /// PostgreSQL's name of the client encoding. In any but UTF8 (and SQL_ASCII) only ASCII texts are
  /// analysed.
  std::string client_encoding = "UTF8";
};

/// What one statement does to one thing that a guardrail may care about.
enum class ActionKind : uint8_t {
  kRead,
  kInsert,
  kUpdate,
  kDelete,
  kMerge,
  kTruncate,
  kCopyIn,
  kCopyOut,
  kCreate,
  kAlter,
  kDrop,
  kGrant,
  kRevoke,
  kRoleChange,   ///< SET ROLE, SET SESSION AUTHORIZATION
  kCall,         ///< CALL, DO
  kMaintenance,  ///< VACUUM, ANALYZE, REINDEX, CLUSTER, CHECKPOINT, REFRESH
  kSessionSetting,
  kTransaction,
  kLock,
  kNotify,   ///< LISTEN, UNLISTEN, NOTIFY
  kPrepare,  ///< PREPARE, EXECUTE, DEALLOCATE
  kCursor,   ///< DECLARE, FETCH, MOVE, CLOSE
  kOther,
};

/// "select", "update", "drop": stable lower-case names used in records and messages.
std::string_view name_of(ActionKind kind);

struct Action {
  ActionKind kind = ActionKind::kOther;
  std::string object_kind;           ///< of DDL: "table", "index", "function", …; else empty
  std::vector<std::string> targets;  ///< as written: "orders", "public.orders"
  bool without_where = false;        ///< UPDATE/DELETE with no WHERE or one that is always true
};

/// Everything decided and recorded about one text; immutable, computed once per distinct text and
/// settings and shared by the sessions of a worker.
struct StatementFacts {
  /// Statement kind for the record, by PostgreSQL's command tags: "SELECT", "UPDATE",
  /// "CREATE TABLE"; several statements are joined by "; ", at most 8, then "…"; "" for an empty
  /// text.
  std::string kind;
  std::vector<Action> actions;      ///< of all statements, wherever nested
  std::vector<std::string> tables;  ///< every relation named, CTE names left out, sorted, unique
  size_t statements = 0;            ///< top-level statements in the text
  /// Not empty when the text could not be analysed: why. Such a statement is refused.
  std::string unanalysable;
  /// SQLSTATE that goes with it: "42601" syntax error, "54001" too complex, "0A000" unsupported.
  std::string_view unanalysable_sqlstate;
  /// 1-based character position of a syntax error, 0 if unknown.
  int error_position = 0;
  /// Contains dynamic SQL: EXECUTE inside DO, or a DO body in a language other than plpgsql/sql.
  bool dynamic_sql = false;
  /// Whether other literals in the same places could make any of this different.
  bool depends_on_literals = false;

  /// Rough size in memory, for bounding caches.
  size_t weight() const;
};

}  // namespace sluice::sql
