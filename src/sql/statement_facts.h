#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog.h"

namespace sluice::sql {

using catalog::Oid;

/// Settings of a session that change what a text means; part of every cache key.
struct Settings {
  bool standard_conforming_strings = true;
  /// PostgreSQL's name of the client encoding. In any but UTF8 (and SQL_ASCII) only ASCII texts are
  /// analysed.
  std::string client_encoding = "UTF8";
  /// Users' types that Parse declares for parameters.
  std::vector<Oid> parameter_types = {};
};

/// Against what names are resolved; part of every cache key (by Catalog::id and the path).
struct Scope {
  /// Null: nothing is known of the database. Names then stay as written, with Object::oid 0.
  std::shared_ptr<const catalog::Catalog> catalog;
  /// What current_schemas(true) returns: the session's own pg_temp_N where it has one, pg_catalog
  /// where it stands.
  std::vector<std::string> search_path = {"pg_catalog", "public"};
};

/// What one statement does to one thing that a rule may care about.
enum class ActionKind : uint8_t {
  kRead,
  kReadCatalog,  ///< relations of pg_catalog and information_schema that tell nothing about rows
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
  kRoleChange,   ///< SET ROLE, SET SESSION AUTHORIZATION, set_config('role', …)
  kCall,         ///< CALL, DO
  kFunction,     ///< a function called in an expression or FROM; only those that `functions` marks
  kMaintenance,  ///< VACUUM, ANALYZE, REINDEX, CLUSTER, CHECKPOINT, REFRESH
  kSessionSetting,
  kTransaction,
  kLock,
  kNotify,   ///< LISTEN, UNLISTEN, NOTIFY
  kPrepare,  ///< PREPARE, EXECUTE, DEALLOCATE
  kCursor,   ///< DECLARE, FETCH, MOVE, CLOSE
  kOther,
};

/// "read", "update", "drop": stable lower-case names used in policies, records and messages.
std::string_view name_of(ActionKind kind);

/// PostgreSQL's table-level lock modes, weakest first (documentation, 13.3.1).
enum class LockLevel : uint8_t {
  kNone,
  kAccessShare,
  kRowShare,
  kRowExclusive,
  kShareUpdateExclusive,
  kShare,
  kShareRowExclusive,
  kExclusive,
  kAccessExclusive,
};

/// "access_share" … "access_exclusive"; "" for none.
std::string_view name_of(LockLevel level);

/// A relation, or for DDL any object, that an action touches.
struct Object {
  Oid oid = 0;         ///< 0: not in the catalog (yet, any more, or not looked up)
  std::string schema;  ///< empty when not resolved and not written
  std::string name;
  catalog::RelationKind kind = catalog::RelationKind::kTable;
  bool temporary = false;
  /// Not named in the text itself: reached through a view, rule, function body, inheritance,
  /// partition or foreign-key cascade.
  bool reached = false;

  std::string display() const { return schema.empty() ? name : schema + "." + name; }
};

struct Action {
  ActionKind kind = ActionKind::kOther;
  std::string object_kind;            ///< of DDL: "table", "index", "function", …; else empty
  std::vector<Object> targets;        ///< every relation it is done to, views and children expanded
  bool without_where = false;         ///< UPDATE/DELETE with no WHERE or one that is always true
  bool cascade = false;               ///< DROP/TRUNCATE … CASCADE
  LockLevel lock = LockLevel::kNone;  ///< strongest table lock it takes on its targets
};

/// A column of a relation; column 0 is the whole row (or a column that could not be told).
struct ColumnRef {
  Oid relation = 0;
  int16_t column = 0;
  friend bool operator==(const ColumnRef&, const ColumnRef&) = default;
  friend auto operator<=>(const ColumnRef&, const ColumnRef&) = default;
};

/// A column as it is, compared by equality with a constant or parameter of the text itself.
struct ComparedConstant {
  ColumnRef column;
  uint32_t literal = 0;    ///< which of sql::literals(text), from 1; 0: none of them
  uint32_t parameter = 0;  ///< $1 is 1
};

/// One base column that a value derives from.
struct Source {
  ColumnRef column;
  /// The very value, through no function or operator. COALESCE, CASE and COLLATE with a collation
  /// of pg_catalog's give back one of their values and are not told.
  bool as_is = true;
  /// Else: outermost first, each at most twice (then the innermost two), operators by name, casts
  /// "::type" ("::type(n)" with a modifier, which may cut the value; "::schema.type" of users'
  /// namesakes of text types). "=" that may be an operator of users' own has its schema: "app.=".
  /// What is no function by name: "row", "array", "[]", ".field", "IN", "NOT IN", "IS NULL", "IS",
  /// "AND", "OR", "NOT", "nullif", "greatest", "least", "xml", "xmlserialize", "xmltable",
  /// "COLLATE", "generated", and "…" for too many ways or functions to tell.
  std::vector<std::string> functions;
};

/// One column that a statement returns (SELECT, RETURNING, COPY TO, EXECUTE of a known text).
struct OutputColumn {
  std::string name;
  std::vector<Source> sources;
  /// Where the value comes from cannot be known: a function whose body is not SQL, dynamic SQL.
  bool unknown = false;
};

/// What COPY … TO writes, its options completed as the server does for the format.
struct CopyOut {
  std::string format = "text";  ///< "text", "csv", "binary", or what the server will refuse
  char delimiter = '\t';        ///< 0 where the format has none, as all that follow
  std::string null_text;
  char quote = 0;
  char escape = 0;
  bool header = false;
  std::string encoding;                  ///< as written; empty: the client's
  bool to_stdout = true;                 ///< else into a file of the server's or a program
  std::vector<std::string> force_quote;  ///< columns
  bool force_quote_all = false;
};

/// What one top-level statement sends back, and what it keeps for statements to come.
struct StatementResult {
  /// Of SELECT, VALUES, TABLE, RETURNING, COPY TO and EXPLAIN; of DECLARE and PREPARE what their
  /// queries yield. Empty for EXECUTE and FETCH: `executes` and `fetches` say whose they are.
  std::vector<OutputColumn> columns;
  /// May send rows, or data of COPY. With no columns that are told, and `unknown_columns` not set,
  /// they are of no table (SHOW) or have no columns (SELECT FROM t).
  bool returns_rows = false;
  /// What is sent cannot be told column by column: `columns` may be too few, or not where they
  /// stand. EXECUTE, FETCH, CALL, a row whose columns nobody knows, a rule's own SELECT or
  /// RETURNING.
  bool unknown_columns = false;
  bool explained = false;  ///< EXPLAIN: the rows are lines of a plan
  std::string executes;    ///< the prepared statement that EXECUTE names, under EXPLAIN and CREATE
                           ///< TABLE AS too
  std::string fetches;     ///< the cursor that FETCH takes rows from (MOVE sends none)
  std::string declares;    ///< the cursor that DECLARE opens on `columns`
  bool held = false;       ///< it is WITH HOLD: what is left of it runs at COMMIT
  std::string prepares;    ///< the name that PREPARE gives to what yields `columns`
  std::optional<CopyOut> copy;  ///< of COPY … TO
};

/// How a base column is used, several at once.
enum ColumnUse : uint16_t {
  kUsedInOutput = 1,
  kUsedInPredicate = 2,  ///< WHERE, HAVING, CASE and FILTER conditions, ON CONFLICT … WHERE
  kUsedInJoin = 4,
  kUsedInGrouping = 8,   ///< GROUP BY, DISTINCT, PARTITION BY, set operations that compare rows
  kUsedInOrdering = 16,  ///< by the text or a function; in a view's definition it is a predicate
  kWritten = 32,
  /// What decides which rows come out or which branch is taken looks into the value by more than
  /// equality: LIKE, <, functions, but not =, <>, IN, IS NULL, USING with the value as it is (or
  /// cast to a text type). As a limit, an index or the argument of a function that returns rows,
  /// any value is looked into. In texts and bodies of functions; not in what the owner of a table
  /// or view wrote: definitions of views, rules, policies, checks, indexes, triggers and their
  /// functions.
  kProbed = 64,
  /// An argument of a function that may do more with it than return a value: volatile ones
  /// (pg_notify, setval), those of some FunctionRisk, code that cannot be read. What a body that
  /// can be read does with its argument counts instead. Not in what a table's owner wrote, as
  /// above, but in views.
  kGivenAway = 128,
  /// By ON CONFLICT (…) and ON CONSTRAINT, which tell whether a value is there. Column 0 where they
  /// cannot be told.
  kArbiter = 256,
};

/// Several of ColumnUse, by their bits.
using ColumnUses = uint16_t;

struct UsedColumn {
  ColumnRef column;
  ColumnUses uses = 0;
};

struct WrittenColumn {
  /// Relation 0: not in the catalog. Of CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW
  /// the columns count from 1; of an INSERT it is column 0, for all of them.
  ColumnRef target;
  std::vector<Source> sources;
  /// May come from elsewhere as well, which cannot be told; `sources` then end in column {0, 0}.
  bool unknown = false;
  bool fired = false;  ///< by a trigger or rule: its owner wrote what is written
};

/// Why a function is worth a rule of its own.
enum class FunctionRisk : uint8_t {
  kNone,
  kFile,         ///< pg_read_file, lo_import, lo_export, pg_ls_dir, …
  kProgram,      ///< runs programs
  kNetwork,      ///< dblink and the like
  kDynamicSql,   ///< query_to_xml, table_to_xml, cursor_to_xml, ts_stat, crosstab, …
  kSetting,      ///< set_config
  kSleep,        ///< pg_sleep*
  kServer,       ///< pg_terminate_backend, pg_reload_conf, pg_switch_wal, replication slots, …
  kLargeObject,  ///< lo_get, loread, lowrite, …
  kStatistics,   ///< pg_stats and functions that give away values of rows
  kUnknown,      ///< a user's function in a language that cannot be read
};

/// "file", "program", …
std::string_view name_of(FunctionRisk risk);

struct FunctionUse {
  Oid oid = 0;  ///< 0: not in the catalog
  std::string schema;
  std::string name;
  char volatility = 'v';
  FunctionRisk risk = FunctionRisk::kNone;
  bool reached = false;  ///< through a view, trigger, operator or another function
};

enum class TransactionEffect : uint8_t {
  kNone,
  kBegin,
  kCommit,
  kRollback,
  kSavepoint,
  kRelease,
  kRollbackTo,
  kPrepareTransaction,
  kCommitPrepared,
  kRollbackPrepared,
};

/// SQL's own PREPARE and EXECUTE, which share their names with the protocol's statements.
struct PreparedUse {
  enum class What : uint8_t { kPrepare, kExecute, kDeallocate, kDeallocateAll };
  What what = What::kExecute;
  std::string name;
};

/// What a text makes of application_name, by which rules may ask (`when.application`).
struct ApplicationChange {
  std::vector<std::string> names;  ///< that it may get
  bool unknown = false;            ///< or any other
  /// The text begins with SET application_name = …: nothing behind that runs under the old name,
  /// where nothing rolls it back.
  bool first = false;

  bool any() const { return unknown || !names.empty(); }
};

/// Everything decided and recorded about one text; immutable, computed once per distinct text,
/// settings and scope, and shared by the sessions of a worker.
struct StatementFacts {
  /// Statement kind for the record, by PostgreSQL's command tags: "SELECT", "UPDATE",
  /// "CREATE TABLE"; several statements are joined by "; ", at most 8, then "…"; "" for an empty
  /// text.
  std::string kind;
  std::vector<Action> actions;      ///< of all statements, wherever nested
  std::vector<std::string> tables;  ///< every relation reached, Object::display, sorted, unique
  size_t statements = 0;            ///< top-level statements in the text
  /// Not empty when the text could not be analysed: why. Such a statement is refused.
  std::string unanalysable;
  /// SQLSTATE that goes with it: "42601" syntax error, "54001" too complex, "0A000" unsupported.
  std::string_view unanalysable_sqlstate;
  /// 1-based character position of a syntax error, 0 if unknown.
  int error_position = 0;
  /// Whether other literals in the same places could make any of this different.
  bool depends_on_literals = false;

  // Columns.
  /// One for each top-level statement, in order: the n-th completion of a simple query is of
  /// `results[n]`.
  std::vector<StatementResult> results;
  std::vector<UsedColumn> columns;     ///< every base column reached, sorted, unique
  std::vector<WrittenColumn> written;  ///< sorted by target
  /// What functions and operators are applied to columns, whatever comes of it.
  std::vector<std::pair<ColumnRef, std::string>> computed;
  /// Columns that are compared with each other by equality.
  std::vector<std::pair<ColumnRef, ColumnRef>> equated;

  // Functions that are users' own or carry a risk; harmless ones of pg_catalog are left out.
  std::vector<FunctionUse> functions;
  /// Those harmless ones, called by name: only rules that name them ask.
  std::vector<FunctionUse> plain_functions;

  // Shape.
  bool dynamic_sql = false;  ///< runs SQL that cannot be known beforehand
  /// Where: functions as "schema.name"; "" for the text itself.
  std::vector<std::string> dynamic_in;
  bool has_limit = false;  ///< the last statement that returns rows has LIMIT or FETCH FIRST
  bool cartesian = false;  ///< a join of two tables without any condition between them
  bool writes = false;     ///< may change rows of permanent tables, through functions too
  /// How many constants and parameters columns are compared with by equality.
  size_t comparisons = 0;
  std::vector<ComparedConstant> compared;  ///< the first of these, as far as they can be told
  /// A definition has expressions that the server computes over rows or checks them by.
  bool defines_expressions = false;
  /// Tables, views and functions in FROM, and targets of writes; wherever they stand.
  size_t range_items = 0;
  bool schema_change = false;     ///< may change what the catalog says of permanent objects
  bool temporary_change = false;  ///< creates, alters or drops temporary objects
  bool may_change_settings =
      false;  ///< SET, RESET, DISCARD, set_config, functions that cannot be known
  bool resets_settings = false;  ///< RESET ALL, DISCARD ALL: every setting is as at start-up again
  ApplicationChange application;
  std::vector<std::string> resets;  ///< settings of which one RESET, or SET … TO DEFAULT
  bool resets_in_body = false;      ///< the same in a body, with more of it to follow
  bool runs_explained = false;      ///< EXPLAIN ANALYZE
  uint32_t parameters = 0;          ///< the highest $n of the text
  /// What it does is about where its session stands: WHERE CURRENT OF, currval, lastval.
  bool at_position = false;
  bool reads_errors = false;         ///< code in it looks at the texts of errors
  bool outside_transaction = false;  ///< cannot run in a transaction block: VACUUM, CONCURRENTLY, …
  /// The text names a relation, column or function that the catalog does not have. The server
  /// will say so; a rule never allows it for what it might be.
  bool unresolved = false;

  std::vector<TransactionEffect>
      transaction;                    ///< of each top-level transaction statement, in order
  std::vector<PreparedUse> prepared;  ///< in order
  std::vector<std::string> cursors;   ///< names that FETCH and MOVE take from

  /// Columns of the last statement that has any: one called "*" where they cannot be known.
  const std::vector<OutputColumn>& last_output() const;
  /// Rough size in memory, for bounding caches.
  size_t weight() const;
};

}  // namespace sluice::sql
