#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::catalog {

/// PostgreSQL's object identifier; 0 (InvalidOid) for none.
using Oid = uint32_t;

/// Objects made by users have this identifier or a higher one (FirstNormalObjectId).
inline constexpr Oid kFirstUserOid = 16384;

/// Schemas in which the gateway keeps what was dropped begin so (undo/keep.h).
inline constexpr std::string_view kKeptPrefix = "sluice_kept_";

/// pg_class.relkind.
enum class RelationKind : char {
  kTable = 'r',
  kPartitionedTable = 'p',
  kView = 'v',
  kMaterializedView = 'm',
  kForeignTable = 'f',
  kSequence = 'S',
  kIndex = 'i',
  kPartitionedIndex = 'I',
  kCompositeType = 'c',
  kToast = 't',
};

struct Column {
  int16_t number = 0;  ///< pg_attribute.attnum; system columns are not listed
  std::string name;
  Oid type = 0;
  std::string type_name;  ///< as format_type gives it: "numeric(10,2)"
  bool not_null = false;
  bool has_default = false;
  bool generated = false;  ///< GENERATED ALWAYS AS (…) STORED
  bool identity = false;
  std::string default_text;  ///< pg_get_expr of the default or generation expression
  std::string comment;
};

struct Trigger {
  std::string name;
  Oid function = 0;
  bool deferrable = false;
  bool initially_deferred = false;
  /// pg_trigger.tgenabled: O origin and local, D disabled, R replica, A always
  char enabled = 'O';
  std::string definition;  ///< pg_get_triggerdef
};

struct Index {
  Oid oid = 0;
  std::string name;
  bool unique = false;
  bool primary = false;
  bool valid = true;
  bool partial = false;          ///< has a WHERE clause
  std::vector<int16_t> columns;  ///< of the key, without INCLUDE; 0 for an expression
  std::string definition;        ///< pg_get_indexdef
};

struct Constraint {
  Oid oid = 0;
  std::string name;
  char type =
      'c';  ///< pg_constraint.contype: c check, f foreign key, p primary, u unique, x exclusion
  std::vector<int16_t> columns;
  Oid referenced = 0;  ///< f: the table it points to
  std::vector<int16_t> referenced_columns;
  char on_update = 'a',
       on_delete = 'a';  ///< f: a no action, r restrict, c cascade, n null, d default
  bool validated = true;
  bool deferrable = false;
  std::string definition;  ///< pg_get_constraintdef
};

/// A rewrite rule other than a view's own _RETURN.
struct Rule {
  std::string name;
  char event = '1';        ///< pg_rewrite.ev_type: 1 select, 2 update, 3 insert, 4 delete
  char enabled = 'O';      ///< pg_rewrite.ev_enabled, as Trigger::enabled
  std::string definition;  ///< pg_get_ruledef: CREATE RULE …; empty when it could not be read
};

struct Relation {
  Oid oid = 0;
  std::string schema;
  std::string name;
  RelationKind kind = RelationKind::kTable;
  char persistence = 'p';  ///< pg_class.relpersistence: p permanent, u unlogged, t temporary
  std::string owner;
  std::vector<Column> columns;  ///< without dropped ones, by number
  std::vector<Oid> children;    ///< direct: inheritance and partitions
  std::vector<Oid> parents;     ///< direct
  /// Of users' views and materialized views: pg_get_viewdef. Empty when it could not be read
  /// (Catalog::complete): nothing is then known of what the view reads.
  std::string view_definition;
  std::vector<Rule> rules;
  std::vector<Trigger> triggers;           ///< users' own, not those of constraints
  std::string partition_key;               ///< of a partitioned table: its expressions, as a list
  std::vector<int16_t> partition_columns;  ///< the same: its columns, 0 for an expression
  Oid default_partition = 0;               ///< the same: 0 if it has none
  /// Users' functions of the operator classes of its indexes and partition key.
  std::vector<Oid> class_functions;
  std::vector<std::string> policies;  ///< of row security: each USING and WITH CHECK expression
  std::vector<Index> indexes;
  std::vector<Constraint> constraints;
  bool row_security = false;
  double estimated_rows = -1;  ///< pg_class.reltuples; -1 never counted
  uint64_t bytes = 0;          ///< relpages * 8 KiB, of the heap
  std::string comment;

  bool system() const { return oid < kFirstUserOid; }
  bool is_view() const {
    return kind == RelationKind::kView || kind == RelationKind::kMaterializedView;
  }
  const Column* column(std::string_view column_name) const;
  const Column* column(int16_t number) const;
  std::string qualified_name() const { return schema + "." + name; }
};

struct Function {
  Oid oid = 0;
  std::string schema;
  std::string name;
  char kind = 'f';  ///< pg_proc.prokind: f function, p procedure, a aggregate, w window
  std::vector<Oid> argument_types;  ///< of input arguments
  std::vector<std::string> argument_names;
  int defaults = 0;  ///< how many of the last arguments may be left out
  bool variadic = false;
  Oid return_type = 0;
  bool returns_set = false;
  /// OUT, INOUT and TABLE columns, empty for a plain result.
  std::vector<std::string> result_columns;
  /// "sql", "plpgsql", "internal", "c", …; empty when the body could not be read
  /// (Catalog::complete): nothing is then known of what the function does.
  std::string language;
  char volatility = 'v';  ///< i immutable, s stable, v volatile
  bool security_definer = false;
  std::string source;    ///< prosrc; for SQL functions with a parsed body pg_get_function_sqlbody
  std::string settings;  ///< proconfig entries joined by newlines: "search_path=app, pg_temp"
  std::string default_text;  ///< of users': defaults of the last arguments, as a list: "1, app.f()"
  std::vector<Oid> supports;  ///< of users' aggregates: transition, final, … functions

  bool system() const { return oid < kFirstUserOid; }
};

struct Type {
  Oid oid = 0;
  std::string schema;
  std::string name;
  char kind = 'b';   ///< pg_type.typtype: b base, c composite, d domain, e enum, p pseudo, r range,
                     ///< m multirange
  Oid relation = 0;  ///< of a composite: its relation
  Oid element = 0;   ///< of an array: its element type
  Oid base = 0;      ///< of a domain
  std::string definition;            ///< of a domain: constraints; of an enum: labels; for diffs
  Oid subtype = 0;                   ///< of a range; of a multirange its range
  std::vector<std::string> checks;   ///< of users' domains: pg_get_constraintdef of each
  std::vector<Oid> functions;        ///< of users' types: input, output, …; users' functions only
  std::vector<Oid> class_functions;  ///< of users' operator classes for it
  std::string default_text;          ///< of a users' domain
};

/// An operator made by users; those of pg_catalog do nothing that matters here.
struct Operator {
  Oid oid = 0;
  std::string schema;
  std::string name;
  Oid left = 0, right = 0;
  Oid function = 0;
  /// Users' functions that the server may call in its place: of its commutator and negator, and of
  /// the operator families that it is in.
  std::vector<Oid> substitutes;
};

/// A conversion made by users, with a function.
struct Cast {
  Oid oid = 0;
  Oid source = 0, target = 0;
  Oid function = 0;
  char context = 'e';  ///< pg_cast.castcontext: e explicit, a assignment too, i anywhere
};

/// One that is enabled, in any session_replication_role.
struct EventTrigger {
  Oid oid = 0;
  std::string event;              ///< "ddl_command_start", "sql_drop", …
  std::vector<std::string> tags;  ///< the command tags it is limited to; empty for all
  Oid function = 0;
};

/// What one database holds, at one moment: immutable, shared by all workers. Made by
/// catalog/loader.h. Objects of pg_catalog and information_schema are in it too.
class Catalog {
 public:
  /// Takes the objects and builds the indexes by name and identifier.
  struct Contents {
    std::vector<Relation> relations;
    std::vector<Function> functions;
    std::vector<Type> types;
    std::vector<Operator> operators;
    std::vector<Cast> casts;
    std::vector<EventTrigger> event_triggers;
    std::vector<std::string> schemas;  ///< all but other sessions' pg_temp and pg_toast_temp
    std::vector<std::string> secret_settings;  ///< see Catalog::secret_settings
    std::string fingerprint;                   ///< see loader.h
    bool complete = true;                      ///< see Catalog::complete
    std::string read;                          ///< see Catalog::read
    /// See Catalog::definition_path.
    std::vector<std::string> definition_path = {"pg_catalog"};
  };
  explicit Catalog(Contents contents);

  /// Never given to another Catalog while the process lives; for cache keys.
  uint64_t id() const { return id_; }
  const std::string& fingerprint() const { return contents_.fingerprint; }
  /// A digest of all that it was made from: equal ones are alike. Empty: nobody knows.
  const std::string& read() const { return contents_.read; }
  /// False when some definition (of a view, a rule, a parsed function body, an index, …) could not
  /// be read: somebody was changing what it uses, it vanished meanwhile, or the reading session's
  /// path puts other operators before pg_catalog's. Worth reading again soon.
  bool complete() const { return contents_.complete; }
  /// What current_schemas(true) was in the session that read this. The server renders definitions
  /// (of views, rules, defaults, parsed function bodies) for that path: a name in them that is not
  /// qualified must be resolved with it, and never with the path of the session that is judged.
  const std::vector<std::string>& definition_path() const { return contents_.definition_path; }

  const Relation* relation(Oid oid) const;
  /// The schema "pg_temp" is the session's own temporary one, here and below.
  const Relation* relation(std::string_view schema, std::string_view name) const;
  /// As the server resolves an unqualified name: the first schema of `search_path` that has it.
  /// `search_path` is what current_schemas(true) returns.
  const Relation* resolve(const std::vector<std::string>& search_path, std::string_view name) const;

  const Function* function(Oid oid) const;
  /// All functions of that name, in one schema or (schema empty) in every schema of the path, in
  /// its order. Of a path's temporary schema neither functions nor operators are taken, as by the
  /// server.
  std::vector<const Function*> functions(const std::vector<std::string>& search_path,
                                         std::string_view schema, std::string_view name) const;
  const Type* type(Oid oid) const;
  const Type* type(const std::vector<std::string>& search_path, std::string_view schema,
                   std::string_view name) const;
  std::vector<const Operator*> operators(const std::vector<std::string>& search_path,
                                         std::string_view name) const;
  bool has_schema(std::string_view name) const;

  const std::vector<Relation>& relations() const { return contents_.relations; }
  const std::vector<Function>& functions() const { return contents_.functions; }
  const std::vector<Type>& types() const { return contents_.types; }
  const std::vector<Operator>& operators() const { return contents_.operators; }
  const std::vector<EventTrigger>& event_triggers() const { return contents_.event_triggers; }
  const std::vector<std::string>& schemas() const { return contents_.schemas; }
  /// Settings of the server that hold passwords, have a value, and show it to the role that read
  /// this: a superuser, or a member of pg_read_all_settings. Others' are none.
  const std::vector<std::string>& secret_settings() const { return contents_.secret_settings; }

  /// Users' casts from or to a type.
  std::vector<const Cast*> casts(Oid type) const;
  /// Users' casts between two types of the system.
  const std::vector<const Cast*>& system_casts() const { return system_casts_; }
  /// Types whose values cannot be made without calling a function of users' own or a check.
  const std::vector<Oid>& types_with_calls() const { return types_with_calls_; }
  /// Whether the server may call users' functions for some type or cast without being told to.
  bool types_call() const { return types_call_; }
  /// The row type of a relation; 0 if it is not known.
  Oid row_type(Oid relation) const;
  /// The table that an index is of; null if it is not known.
  const Relation* table_of_index(Oid index) const;
  /// The system's functions that run the code of a user's function in language "internal".
  std::vector<const Function*> same_code(const Function& function) const;

  /// Foreign keys of other tables that point to `table`.
  std::vector<std::pair<const Relation*, const Constraint*>> referencing(Oid table) const;
  /// Whether any trigger or constraint may put work off until COMMIT.
  bool has_deferrable() const { return has_deferrable_; }

 private:
  using Index = std::unordered_map<std::string, size_t>;

  std::string_view actual_schema(std::string_view schema) const;
  void index_types();
  void index_internal();

  uint64_t id_;
  Contents contents_;
  std::unordered_map<Oid, size_t> relations_by_oid_, functions_by_oid_, types_by_oid_;
  Index relations_by_name_;  ///< "schema\0name"
  std::unordered_multimap<std::string, size_t> functions_by_name_, operators_by_name_;
  Index types_by_name_;
  /// Referenced table to (relation, constraint).
  std::unordered_multimap<Oid, std::pair<size_t, size_t>> referencing_;
  std::unordered_multimap<Oid, size_t> casts_by_type_;
  std::unordered_map<Oid, Oid> row_types_;
  std::unordered_map<Oid, size_t> index_tables_;
  std::unordered_multimap<std::string, size_t> internal_by_source_;  ///< those that users' name
  std::vector<const Cast*> system_casts_;
  std::vector<Oid> types_with_calls_;
  bool types_call_ = false;
  std::string temp_schema_;  ///< the session's own; empty for none
  bool has_deferrable_ = false;
};

}  // namespace sluice::catalog
