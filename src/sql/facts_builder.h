#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sql/node.h"
#include "sql/statement_facts.h"

namespace sluice::sql {

/// Walks the parse tree of one text and gathers what its statements do, wherever they stand: in
/// CTEs, sub-selects, EXPLAIN ANALYZE, PREPARE, cursors, COPY (…) and DO bodies.
class FactsBuilder {
 public:
  explicit FactsBuilder(StatementFacts& facts) : facts_(facts) {}

  /// Adds all statements of a tree as libpg_query gives it. False: something in it cannot be
  /// analysed, and `facts.unanalysable` says what.
  bool add_tree(const Node& root);
  /// The same for statements inside a function body, which do not count as top-level.
  bool add_nested_tree(const Node& root);
  /// To be called last: puts what was gathered in order.
  void finish();

 private:
  friend class PlpgsqlWalker;

  void statement(const Node& wrapper);
  void dispatch(std::string_view name, const Node& body);
  void walk(const Node& node);
  void walk_fields(const Node& node, std::string_view except = {});
  void walk_with(const Node& with_clause);
  void table(const Node& range_var);
  Action& act(ActionKind kind, std::string_view object_kind = {});
  void target(Action& action, const Node& statement, std::string_view field_name = "relation");

  void on_write(std::string_view name, const Node& body);
  void on_merge(const Node& body);
  void on_truncate(const Node& body);
  void on_drop(const Node& body);
  void on_alter_table(const Node& body);
  void on_explain(const Node& body);
  void on_do(const Node& body);
  void on_copy(const Node& body);
  std::string tag_of(std::string_view name, const Node& body) const;
  void fail(std::string why, std::string_view sqlstate);

  StatementFacts& facts_;
  std::vector<std::string_view> ctes_;  ///< names in scope, innermost last
  std::vector<std::string> kinds_;
  std::set<std::string> tables_;
  bool explained_only_ = false;  ///< inside EXPLAIN without ANALYZE: nothing runs
};

/// Adds what a PL/pgSQL body does; see FactsBuilder::add_tree for the result.
bool add_plpgsql_body(FactsBuilder& builder, StatementFacts& facts, std::string_view body);

/// Parses `text` and calls `use` with the tree's root. False: not parsable, `why` says so.
bool with_tree(const std::string& text, std::string& why, int* position,
               const std::function<bool(const Node&)>& use);

}  // namespace sluice::sql
