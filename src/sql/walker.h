#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sql/gather.h"
#include "sql/lineage.h"
#include "sql/names.h"
#include "sql/node.h"
#include "sql/picked.h"
#include "sql/plpgsql_source.h"
#include "sql/query_level.h"
#include "sql/resolver.h"
#include "sql/statement_facts.h"
#include "sql/tree.h"

namespace sluice::sql {

using RowsPtr = std::shared_ptr<const Rows>;

/// Walks the statements of one text, and everything of the catalog that they reach, as the server
/// would run them: query levels and their names, expressions and where their values come from,
/// writes and what follows from them, the bodies of views, rules, triggers and functions.
///
/// One class, since SQL nests all of these in each other; each source file holds one concept.
class Walker {
 public:
  /// `text_bytes` bounds the work: a long text may take longer. `parameter_types` is to stay.
  Walker(StatementFacts& facts, const Scope& scope, const std::vector<Oid>& parameter_types,
         size_t text_bytes);

  /// Adds all statements of a tree as libpg_query gives it.
  void add_text(const Node& root);
  /// To be called last: puts what was gathered in order.
  void finish();
  /// Ordinary strings may have escapes where code is run: standard_conforming_strings is off.
  void strings_may_escape() { strings_may_escape_ = true; }
  void fail(std::string why, std::string_view sqlstate) { gather_.fail(std::move(why), sqlstate); }

 private:
  // ---- what holds for a place in the walk
  struct Context {
    bool reached = false;    ///< in something of the catalog, not in the text
    bool explained = false;  ///< under EXPLAIN without ANALYZE: looked at, not done
    bool muted = false;      ///< only for lineage: relations are not read now
    /// In what the owner of a table or view has written: how it looks at values is not the
    /// statement's doing (kProbed, kUsedInOrdering).
    bool owned = false;
    /// In what happens by itself, a trigger or default, and not by reading: nobody who wrote the
    /// statement gets what is given away there.
    bool fired = false;
    size_t arguments = 0;        ///< of the function whose body this is
    bool variables = false;      ///< in a PL/pgSQL body: they stand behind the arguments
    size_t depth = 0;            ///< of bodies in each other
    Value* collected = nullptr;  ///< all values of a PL/pgSQL body
    const catalog::Function* function = nullptr;  ///< whose body this is; null: the text's own
  };
  class Within;
  struct CallShape {
    const Node* first_argument = nullptr;
    const Node* second_argument = nullptr;
    std::vector<std::string_view> names;  ///< of named arguments, else empty texts
    bool is_operator = false;
    bool is_call = false;  ///< CALL
    bool variadic = false;
  };
  struct Called {
    Value value;
    RowsPtr rows;  ///< what it is in FROM; null: one column
    bool aggregate = false;
  };
  struct Body {
    bool busy = true;
    RowsPtr rows;
    Gather::ArgumentUses uses;
    size_t weight = 1;
    std::set<const catalog::Relation*> reads;  ///< of those in the catalog
  };
  /// Where a write goes.
  struct Target {
    Name name;
    const catalog::Relation* relation = nullptr;
    bool only = false;
    size_t action = 0;
    Entry entry;  ///< as the statement's own names see it
  };

  // ---- statements.cc
  void statement(const Node& wrapper);
  void dispatch(std::string_view name, const Node& body);
  void known_statement(std::string_view name, const Node& body);
  void after_statement(std::string_view name, const Node& body);
  std::string tag_of(std::string_view name, const Node& body) const;
  void on_explain(const Node& body);
  void on_do(const Node& body);
  void on_call(const Node& body);
  void on_transaction(const Node& body);
  void on_prepared(std::string_view name, const Node& body);
  void on_cursor(std::string_view name, const Node& body);

  // ---- results.cc
  /// What the statement at hand sends back; null in bodies, whose results nobody sees.
  StatementResult* own_result();
  /// The columns of the statement at hand.
  StatementResult* note_columns(const RowsPtr& rows, bool limited);
  /// The same, and that they are sent.
  StatementResult* note_output(const RowsPtr& rows, bool limited);
  /// Rows are sent whose columns cannot be told.
  void note_unknown_output();

  // ---- copies.cc
  void on_copy(const Node& body);
  RowsPtr copied_columns(const Node& body, const Node& range, size_t action);
  void copy_in(const Node& body, const Node& range, size_t action);

  // ---- session_settings.cc
  void on_set(const Node& body);
  /// RESET ALL and the like.
  void resets_all();
  void on_set_config(const CallShape& shape);
  /// The setting that FROM pg_settings WHERE name = '…' is of, as pg_dump asks: empty if it is not
  /// known to be one.
  std::string_view looked_up_setting(const Node& select, const Level& level);
  void on_shown_setting(const CallShape& shape);
  void note_shown(std::string_view setting);
  /// A setting that something changes, in lower case, "*" if it cannot be known: a target of
  /// `action`, or of the statement's own action for it.
  void note_setting(std::string_view name, size_t action);
  void note_setting(std::string_view name);
  void on_set_application(const Node& body);
  void note_application(std::optional<std::string_view> value);
  /// ALTER … SET and CREATE FUNCTION … SET: changed, but not now.
  void set_elsewhere(const Node& variable_set);
  /// What a function sets while it runs.
  void function_settings(const catalog::Function& function);

  // ---- select.cc
  /// The query or data-changing statement in `wrapper`, and what it yields.
  RowsPtr rows_of(const Node& wrapper, const Level* outer, CteFrame* ctes);
  RowsPtr select(const Node& body, const Level* outer, CteFrame* ctes);
  RowsPtr plain_select(const Node& body, const Level* outer, CteFrame* ctes);
  RowsPtr set_operation(const Node& body, const Level* outer, CteFrame* ctes);
  RowsPtr values(const Node& body, const Level* outer, CteFrame* ctes);
  void order_by(const Node& body, std::string_view list, const Level& level, const Rows& output,
                ColumnUses use, bool output_first);
  bool of_catalog_alone(const Node& select, const Level& level) const;
  void grouping_item(const Node& item, const Level& level, const Rows& output, ColumnUses use,
                     bool output_first);
  void select_list(const Node& body, std::string_view list, const Level& level, Rows& out);
  void window(const Node& definition, const Level& level);
  void limit(const Node& body, const Level& level);

  // ---- with.cc
  /// Reads the WITH clause of `body`; `frame` must outlive what is walked with the result.
  CteFrame* with(const Node& body, const Level* outer, CteFrame* ctes, CteFrame& frame);
  RowsPtr cte_rows(const FoundCte& found);
  RowsPtr recursive_rows(Cte& cte, const Node& query, CteFrame& frame);
  Rows cte_columns(const Cte& cte, const RowsPtr& rows) const;

  // ---- from_items.cc
  FromItem from_item(const Node& wrapper, Level& level);
  FromItem table_item(const Node& range_var, Level& level);
  FromItem subquery_item(const Node& body, Level& level);
  FromItem function_item(const Node& body, Level& level);
  FromItem xml_table_item(const Node& body, Level& level);
  FromItem join_item(const Node& body, Level& level);
  void merge_columns(const std::vector<std::string_view>& names, FromItem& left, FromItem& right,
                     std::string_view alias, Level& level);
  FromItem named_item(Entry entry, const Node& alias_holder) const;

  // ---- expressions.cc
  Value eval(const Node& wrapper, const Level& level);
  Value eval_node(std::string_view kind, const Node& body, const Level& level);
  Value eval_all(const Node& body, std::string_view list, const Level& level);
  Value eval_field(const Node& body, std::string_view name, const Level& level);
  Value column_reference(const Node& body, const Level& level);
  Value operator_expression(const Node& body, const Level& level);
  /// "app.=" if this = or <> may be an operator of users' own, which may answer anything.
  std::string foreign_equality(const Name& name) const;
  /// How a cast is told: "::text".
  std::string cast_name(const Node& type_name) const;
  std::string cast_of(const Node& type_name, const Value& value) const;
  /// What CASE x WHEN y, USING and NATURAL do: the "=" that the path leads to.
  void equality(const Value& left, const Value& right, const Node* left_node = nullptr,
                const Node* right_node = nullptr);
  Value type_cast(const Node& body, const Level& level);
  Value row_constructor(const Node& body, const Level& level);
  Value xml_expression(const Node& body, const Level& level);
  Value case_expression(const Node& body, const Level& level);
  Value eval_lazily(const Node& body, const Level& level, bool seen);
  Value fragile(const Value& value, std::string_view by);
  Value sublink(const Node& body, const Level& level);
  Value indirection(const Node& body, const Level& level);
  Value field_of(const Value& value, std::string_view name);
  /// A condition: each arm of an AND joins what it looks at.
  void condition(const Node& body, std::string_view field_name, const Level& level, ColumnUses use);
  void condition_arm(const Node& wrapper, const Level& level, ColumnUses use);

  // ---- probing.cc
  /// A condition, or what is compared by equality.
  /// The name of what is called in lineage: with its schema if it may be taken for something else.
  std::string called_name(const Name& name);
  bool is_plain(const Node& wrapper, size_t& left);
  /// Whether comparing `one` with `other`, which is written as `wrapper` (may be null), tells no
  /// more than whether they are equal: it is a constant, a parameter, or a column as it is.
  bool equates(const Value& one, const Value& other, const Node* wrapper);
  void note_compared(ColumnRef column, const Node& wrapper);
  /// It is looked into, whatever is done with it.
  void probe(const Value& value);
  void test(const Value& value, ColumnUses use);
  /// What counts rows or chooses among them: LIMIT, an index.
  void tell(const Value& value, ColumnUses use);
  void give_away(const Value& value);
  /// What calling a function that cannot be looked into means for its arguments.
  void hand_over(const catalog::Function& function, FunctionRisk risk,
                 const std::vector<Value>& given);
  /// What a body does with its argument is done to the call's.
  void use_as_body(const Value& argument, ColumnUses uses);
  uint8_t ordering() const { return context_.owned ? kUsedInPredicate : kUsedInOrdering; }

  // ---- calls.cc
  Called function_call(const Node& body, const Level& level);
  Called call(const Name& name, const std::vector<Value>& given, const CallShape& shape);
  Called call_one(const catalog::Function& function, const std::vector<Value>& given,
                  const Value& through, const CallShape& shape);
  Called call_body(const catalog::Function& function, const std::vector<Value>& given,
                   const CallShape& shape);
  static void add_candidate(Called& any, const Called& other);
  bool returns_any_row(const catalog::Function& function) const;
  bool unusual_call(const Name& name, const std::vector<Value>& given, Called& out);
  void operator_call(const Name& name, const std::vector<Value>& given, Value& out);
  void note_risk(FunctionRisk risk, const catalog::Function* function, const Name& name,
                 const CallShape& shape, Called& out);
  void read_large_object(const catalog::Function& function, size_t arguments, Called& out);
  void on_sequence(const CallShape& shape);
  const catalog::Relation* serial_sequence(const Node& argument);
  std::vector<std::string_view> columns_of_type(Oid type) const;

  // ---- implicit_calls.cc
  /// What the server may call without being told to depends on these; of one statement.
  struct Met {
    std::set<Oid> types;         ///< users' types that values may be of
    std::set<Oid> made;          ///< those that values are made of: checks and input functions run
    std::set<Oid> cast_targets;  ///< of casts that are written
    std::set<std::pair<char, Oid>> called;
    bool defaulted = false;  ///< DEFAULT is written for some column
    bool populated = false;  ///< values are made of a type that only a value tells
    bool assigned = false;   ///< code runs, whose variables and results are assigned to
  };
  void meet_type(Oid type, bool made);
  void meet_relation(const catalog::Relation& relation, bool stored);
  /// Whether there may be values for an operator: one of a type that no value is of is never run.
  bool has_operands(const catalog::Operator& op) const;
  void meet_named_type(const Name& name);
  void meet_type_name(const Node& type_name);
  void meet_type_text(std::string_view text);
  void meet_types_of_call(const catalog::Function& function);
  void call_implicitly(Oid function);
  bool catalog_expression(const std::string& text, const catalog::Relation* table,
                          const std::function<void(const Node&, const Level&)>& use);
  void check(const std::string& definition, const catalog::Relation* table);
  /// What row security asks of a table's rows.
  void policies(const catalog::Relation& relation);
  /// Checks of a table, expressions of its indexes.
  void stored_expressions(const catalog::Relation& relation);
  Value argument_defaults(const catalog::Function& function, size_t given);
  Value eval_targets(const Node& body, const Level& level);
  /// A list of expressions that the catalog holds, over `table` (may be null).
  Value eval_list(const std::string& list, const catalog::Relation* table);
  /// The default of a domain, where it may do something; null otherwise.
  const std::string* domain_default(Oid type) const;
  void calls_of_casts(Oid type);
  void calls_of_types();
  void event_triggers(std::string_view name);
  /// To be called when a statement has been walked.
  void implicit_calls(std::string_view name, const Node& body);
  FunctionRisk risk_of_code(const catalog::Function& function) const;
  Called call_aggregate(const catalog::Function& function, const Value& through);

  // ---- bodies.cc
  const Body& body_of(const catalog::Function& function);
  RowsPtr sql_body(const catalog::Function& function, const Level& arguments);
  RowsPtr sql_statements(const Node& root, const Level& arguments);
  RowsPtr plpgsql_body(const catalog::Function& function, const Level& arguments);
  void write_again(const Gather::ArgumentUses& uses);
  /// Notes a column that is written; by a trigger or rule apart from what the statement itself
  /// does.
  void note_written(ColumnRef target, const Value& value) {
    gather_.write(target, value, context_.fired);
  }
  /// What triggers with this function call their transition tables (REFERENCING NEW TABLE AS …).
  std::vector<std::string> transition_tables(const catalog::Function& function);
  void trigger_body(const catalog::Function& function, const catalog::Relation& table);
  /// A text of the catalog that is parsed and walked with nothing of the statement around it.
  bool reads_as_written(std::string_view code);
  bool with_body(const std::string& text, const std::function<void(const Node&)>& use);
  bool enter_body();
  /// Texts of the catalog are rendered for a path of its own, which is put in force.
  SearchPath use_definition_path();
  void unreadable(const catalog::Function& function);
  /// SQL runs that cannot be known, in `function`; null: in the text itself.
  void runs_unknown_sql(const catalog::Function* function);

  // ---- plpgsql.cc
  /// False: it cannot be read, `why` says so.
  bool plpgsql(const PlpgsqlSource& source, const Level& level, std::string& why);
  struct Ran {
    bool good = true;
    std::string why;
    Value value;  ///< what any of its variables may hold, and so what it may return
  };
  /// Walks a body; what its arguments are used for goes to `uses`, its variables are known after.
  Ran run_plpgsql(const PlpgsqlSource& source, const Level& level, std::string_view shown,
                  Gather::ArgumentUses& uses);
  void plpgsql_node(const Node& node, const Level& level);
  void plpgsql_expression(const std::string& text, const Level& level);
  void plpgsql_dynamic(const Node& statement, const Level& level);
  /// What the expressions under `node` yield; they are collected as well.
  Value plpgsql_values(const Node& node, const Level& level);
  bool plpgsql_text(const std::string& text, const Level& level);

  // ---- relations.cc
  /// Reads a relation and all that stands behind it.
  RowsPtr read_relation(const Name& name, bool only);
  RowsPtr read(const catalog::Relation& relation, bool only, bool reached);
  RowsPtr view_rows(const catalog::Relation& view);
  /// What the query of a view yields, looked at anew.
  RowsPtr view_sources(const catalog::Relation& view);
  void note_read(const Object& object, const catalog::Relation* relation);
  /// What a body that is known already reads, for the place where it is reached again.
  void tell_again(const Body& body);
  void weigh(size_t reads);
  void descendants(const catalog::Relation& relation, std::vector<const catalog::Relation*>& out);

  // ---- writes.cc
  RowsPtr insert(const Node& body, const Level* outer, CteFrame* ctes);
  RowsPtr update(const Node& body, const Level* outer, CteFrame* ctes);
  RowsPtr erase(const Node& body, const Level* outer, CteFrame* ctes);
  RowsPtr merge(const Node& body, const Level* outer, CteFrame* ctes);
  Target write_target(const Node& range_var, ActionKind kind);
  static bool inserts_itself(const Node& body, const Node& clause, const Picked& picked);
  void arbiter(const Node& infer, const Target& target);
  void on_conflict(const Node& body, const Node& clause, const Target& target,
                   const RowsPtr& inserted, Level& level);
  void assignments(const Node& body, const Target& target, const Level& level,
                   std::vector<int16_t>& changed);
  void write_column(const Target& target, std::string_view name, const Value& value,
                    std::vector<int16_t>* changed);
  void insert_values(const Node& body, const Target& target, const RowsPtr& rows);
  RowsPtr returning(const Node& body, const Target& target, const Level& level);
  /// Walks a condition on rows of a table: whether it may leave any of them out.
  bool limits(const Node& body, std::string_view field_name, const Level& level,
              const Picked& picked, ColumnUses use);
  bool arm_limits(const Node& arm, const Level& level, const Picked& picked, ColumnUses use,
                  bool plain_equals);
  static bool touches(const Level& level, const Picked& picked);
  Picked picked_in(const Node& body, const Level& level, const Target& target) const;

  // ---- write_effects.cc
  /// What follows from a write: children, views' tables, rules, triggers, foreign keys, defaults.
  void effects(const Target& target, ActionKind kind, const std::vector<int16_t>* changed);
  void follow(const catalog::Relation& relation, ActionKind kind,
              const std::vector<int16_t>* changed, bool only);
  void reach(const catalog::Relation& relation, ActionKind kind,
             const std::vector<int16_t>* changed);
  void add_reached(const catalog::Relation& relation, ActionKind kind);
  RowsPtr rows_fired_for(const catalog::Relation& relation);
  void rules(const catalog::Relation& relation, ActionKind kind);
  /// Code of a temporary table or view is whoever made that there: the statement's own, looked at
  /// as strictly. What fires for others, their owners wrote.
  void enter_code_of(const catalog::Relation* relation);
  /// Notes that a statement gives a temporary table or view something that fires: the catalog does
  /// not have it before the text ends.
  void may_fire_unseen(std::string_view statement, const Node& body, const Object& object);
  /// The table that ALTER TABLE … ATTACH PARTITION names; null: not known.
  const catalog::Relation* attached(const Node& command) const;
  /// A write, or what may be one, behind `may_fire_unseen`.
  void fires_unseen();
  void triggers(const catalog::Relation& relation, ActionKind kind);
  void foreign_keys(const catalog::Relation& relation, ActionKind kind,
                    const std::vector<int16_t>* changed);
  void through_view(const catalog::Relation& view, ActionKind kind);
  void defaults(const catalog::Relation& relation, const std::set<int16_t>& given);
  void note_write(const Object& object);

  // ---- definitions.cc
  void on_definition(std::string_view name, const Node& body);
  void on_create_as(const Node& body);
  void on_create_view(const Node& body);
  void code_of_parents(const Node& body);
  void alters_parent(const Node& range_var);
  void on_drop(const Node& body);
  void on_truncate(const Node& body);
  void truncate(const catalog::Relation& relation, bool only, bool cascade, size_t action);
  void on_alter_table(const Node& body);
  void on_grant(const Node& body);
  void on_maintenance(std::string_view name, const Node& body);
  void on_lock(const Node& body);
  void on_other_definition(std::string_view name, const Node& body);
  void created_by_query(const Node& into, const RowsPtr& rows, std::string_view kind);
  void write_created(const RowsPtr& rows);
  void schema_changed(bool temporary);

  // ---- definition_targets.cc
  /// What a CREATE makes or, if it stands on a table (index, trigger, rule, policy), that table.
  Object created_object(std::string_view name, const Node& body);
  /// What ALTER, COMMENT, DROP and the like are about.
  Object named_object(std::string_view kind, const Node& object);
  Object range_object(const Node& range_var);
  bool altered_object(const Node& body, Object& out);
  /// Expressions, queries and further relations anywhere under a definition.
  void walk_definition(const Node& node);
  void partition_bound(const Node& bound);
  void walk_fields(const Node& body, std::string_view except);

  /// A literal's value mattered. Those in texts of the catalog do not change with the statement.
  void looked_at_literal() {
    if (!context_.reached) facts_.depends_on_literals = true;
  }
  size_t act(ActionKind kind, std::string_view object_kind = {});
  size_t shared_act(ActionKind kind, std::string_view object_kind = {});
  bool spend(size_t steps = 1);

  Resolver resolver_;
  Gather gather_;
  StatementFacts& facts_;
  Context context_;
  size_t budget_;
  bool strings_may_escape_ = false;
  size_t weight_ = 0;  ///< reads of relations that the statement comes down to
  std::vector<std::string> kinds_;
  /// What a body is known by: its object, of a trigger its table, and how it is looked at.
  using BodyKey = std::tuple<Oid, Oid, uint8_t>;
  BodyKey body_key(Oid oid, Oid table = 0) const {
    return {oid, table,
            static_cast<uint8_t>((context_.muted ? 1 : 0) + (context_.explained ? 2 : 0) +
                                 (context_.owned ? 4 : 0) + (context_.fired ? 8 : 0))};
  }
  std::map<BodyKey, Body> bodies_;  ///< of views, functions and triggers; of one statement
  std::set<std::pair<Oid, ActionKind>> reached_writes_;
  const std::vector<Oid>& parameter_types_;
  Met met_;
  ActionKind write_kind_ = ActionKind::kOther;  ///< of the write whose effects are looked at
  size_t write_action_ = 0;
  bool unseen_fires_ = false;  ///< of the text: may_fire_unseen
  bool rule_sends_ = false;    ///< a rule's SELECT or RETURNING may send rows; of one statement
  std::vector<std::set<const catalog::Relation*>*> read_recorders_;
  bool aggregated_ = false;   ///< the select list at hand has an aggregate
  std::string_view setting_;  ///< of looked_up_setting, for the select list at hand
};

/// Puts another context in force until the end of a block.
class Walker::Within {
 public:
  explicit Within(Walker& walker) : walker_(walker), saved_(walker.context_) {}
  ~Within() { walker_.context_ = saved_; }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  Walker& walker_;
  Context saved_;
};

/// The column name that PostgreSQL gives an expression without AS (FigureColname).
std::string_view figured_name(const Node& expression);

/// SELECT … INTO, of a set operation too: of its first query.
std::optional<Node> into_clause(const Node& select);

/// Rows of one column.
RowsPtr single_column(std::string_view name, Value value);
/// Rows of columns nobody told us about.
RowsPtr unknown_rows();

}  // namespace sluice::sql
