// What a PL/pgSQL body does: every statement and expression in it is SQL text of its own.
#include "sql/facts_builder.h"
#include "sql/parse_tree.h"

namespace sluice::sql {

/// Walks libpg_query's tree of a PL/pgSQL function.
class PlpgsqlWalker {
 public:
  PlpgsqlWalker(FactsBuilder& builder, StatementFacts& facts) : builder_(builder), facts_(facts) {}

  void walk(const Node& node) {
    simdjson::dom::array items;
    if (node.get(items) == simdjson::SUCCESS) {
      for (const Node item : items) walk(item);
      return;
    }
    simdjson::dom::object object;
    if (node.get(object) != simdjson::SUCCESS) return;
    for (const auto [key, value] : object) {
      if (key == "PLpgSQL_expr") {
        expression(std::string(text_field(value, "query")));
      } else if (key == "PLpgSQL_stmt_dynexecute" || key == "PLpgSQL_stmt_dynfors") {
        dynamic(value);
      } else if (key == "dynquery") {
        facts_.dynamic_sql = true;
      } else {
        walk(value);
      }
    }
  }

 private:
  /// A query, an expression, or an assignment.
  void expression(const std::string& text) {
    std::string why;
    const auto use = [&](const Node& root) { return builder_.add_nested_tree(root); };
    if (with_tree(text, why, nullptr, use) || with_tree("SELECT " + text, why, nullptr, use))
      return;
    const size_t assignment = text.find('=');
    if (assignment != std::string::npos &&
        with_tree("SELECT " + text.substr(assignment + 1), why, nullptr, use)) {
      return;
    }
    builder_.fail("part of the code block cannot be understood: " + why, "42601");
  }

  /// EXECUTE: known only when what it runs is written out as one literal.
  void dynamic(const Node& statement) {
    const auto query = field(statement, "query");
    const auto wrapped = query ? field(*query, "PLpgSQL_expr") : std::nullopt;
    std::string why;
    std::string constant;
    const bool parsed =
        wrapped && with_tree("SELECT " + std::string(text_field(*wrapped, "query")), why, nullptr,
                             [&](const Node& root) { return read_literal(root, constant); });
    if (parsed) {
      expression(constant);
    } else {
      facts_.dynamic_sql = true;
    }
    simdjson::dom::object object;
    if (statement.get(object) != simdjson::SUCCESS) return;
    for (const auto [key, value] : object) {
      if (key != "query") walk(value);
    }
  }

  static bool read_literal(const Node& root, std::string& out) {
    std::string_view text;
    const auto found =
        root.at_pointer("/stmts/0/stmt/SelectStmt/targetList/0/ResTarget/val/A_Const/sval/sval");
    if (found.get(text) != simdjson::SUCCESS) return false;
    out = text;
    return true;
  }

  FactsBuilder& builder_;
  StatementFacts& facts_;
};

bool add_plpgsql_body(FactsBuilder& builder, StatementFacts& facts, std::string_view body) {
  // The parser wants a whole function; the tag must not occur in the body.
  std::string tag = "$sluice$";
  while (body.find(tag) != std::string_view::npos) tag.insert(tag.size() - 1, "x");
  const ParseTree tree = parse_plpgsql("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS " +
                                       tag + std::string(body) + tag);
  simdjson::dom::parser parser;
  Node root;
  simdjson::dom::array functions;
  const bool good = tree.error.empty() && parser.parse(tree.json).get(root) == simdjson::SUCCESS &&
                    root.get(functions) == simdjson::SUCCESS && functions.size() == 1;
  if (!good) {
    facts.unanalysable = "the code block cannot be understood" +
                         (tree.error.empty() ? std::string() : ": " + tree.error);
    facts.unanalysable_sqlstate = "42601";
    return false;
  }
  PlpgsqlWalker(builder, facts).walk(root);
  return facts.unanalysable.empty();
}

}  // namespace sluice::sql
