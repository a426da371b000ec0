// What a PL/pgSQL body does: every statement and expression in it is SQL text of its own.
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "sql/lexer.h"
#include "sql/parse_tree.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

/// The only thing that "SELECT …" selects, when it is one literal.
bool read_literal(const Node& root, std::string& out) {
  Node list;
  simdjson::dom::array items;
  const auto found = root.at_pointer("/stmts/0/stmt/SelectStmt/targetList");
  if (found.get(items) != simdjson::SUCCESS || items.size() != 1) return false;
  std::string_view text;
  const auto constant =
      root.at_pointer("/stmts/0/stmt/SelectStmt/targetList/0/ResTarget/val/A_Const/sval/sval");
  if (constant.get(text) != simdjson::SUCCESS) return false;
  out = text;
  return true;
}

/// Where ":=" or "=" begins and ends behind what is assigned to; nothing where there is none.
std::optional<std::pair<size_t, size_t>> find_assignment(const std::string& text) {
  Lexer lexer(text);
  size_t depth = 0;
  std::optional<size_t> colon;
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    const auto begin = static_cast<size_t>(token.text.data() - text.data());
    const bool opens = token.kind == TokenKind::kOpen || token.text == "[";
    const bool closes = token.kind == TokenKind::kClose || token.text == "]";
    if (opens) ++depth;
    if (closes && depth > 0) --depth;
    if (token.kind != TokenKind::kOperator || depth > 0) continue;
    if (token.text.starts_with(":=")) return std::pair(begin, begin + 2);
    if (token.text.starts_with("="))
      return std::pair(colon == begin ? begin - 1 : begin, begin + 1);
    colon = token.text == ":" ? std::optional(begin + 1) : std::nullopt;
  }
  return std::nullopt;
}

/// The parser knows the types of no variables, so that to it none is a cursor.
std::string in_our_words(const std::string& error) {
  if (error.find("must be of type cursor or refcursor") == std::string::npos) return error;
  return "it has cursors, which cannot be read in code; loop over the query itself: FOR … IN "
         "SELECT "
         "… LOOP";
}

}  // namespace

bool Walker::plpgsql(const PlpgsqlSource& source, const Level& level, std::string& why) {
  if (!reads_as_written(source.text)) return false;
  const ParseTree tree = parse_plpgsql(source.text);
  simdjson::dom::parser parser;
  Node root;
  simdjson::dom::array functions;
  const bool good = tree.error.empty() && parser.parse(tree.json).get(root) == simdjson::SUCCESS &&
                    root.get(functions) == simdjson::SUCCESS && functions.size() == 1;
  if (!good) {
    why = tree.error.empty() ? "its tree cannot be read" : in_our_words(tree.error);
    return false;
  }
  for (const std::string& type : source.row_types) meet_type_text(type);
  plpgsql_node(root, level);
  return true;
}

Walker::Ran Walker::run_plpgsql(const PlpgsqlSource& source, const Level& level,
                                std::string_view shown, Gather::ArgumentUses& uses) {
  // A variable may hold whatever any query or expression of the body yields: until all are known
  // it stands as one argument more.
  Ran ran;
  const size_t count = context_.arguments;
  const ColumnRef variables = argument_ref(count);
  uses.uses.resize(count + 1);
  auto* around = std::exchange(gather_.arguments, &uses);
  {
    const Within within(*this);
    context_.variables = true;
    met_.assigned = true;
    context_.collected = &ran.value;
    const bool dynamic_before = std::exchange(facts_.dynamic_sql, false);
    ran.good = plpgsql(source, level, ran.why);
    ran.value.unknown = ran.value.unknown || facts_.dynamic_sql || !ran.good;
    facts_.dynamic_sql = facts_.dynamic_sql || dynamic_before;
  }
  std::erase_if(ran.value.sources, [&](const Source& one) { return one.column == variables; });
  const Value held = ran.value.scalar();
  ran.value = ran.value.through(shown);
  std::vector<Value> places;
  for (size_t i = 0; i < count; ++i) places.push_back(value_of(argument_ref(i)));
  places.push_back(ran.value);
  use_as_body(held, uses.uses[count]);
  for (const auto& [position, function] : std::vector(uses.computed.begin(), uses.computed.end())) {
    if (position == count) gather_.compute(held, function);
  }
  for (auto& [target, value] : uses.written) value = with_arguments(value, places);
  gather_.arguments = around;
  return ran;
}

void Walker::plpgsql_node(const Node& node, const Level& level) {
  simdjson::dom::array items;
  if (node.get(items) == simdjson::SUCCESS) {
    for (const Node item : items) plpgsql_node(item, level);
    return;
  }
  simdjson::dom::object object;
  if (node.get(object) != simdjson::SUCCESS) return;
  for (const auto [key, value] : object) {
    if (!spend()) return;
    if (key == "PLpgSQL_expr") {
      plpgsql_expression(std::string(text_field(value, "query")), level);
    } else if (key == "PLpgSQL_type") {
      meet_type_text(text_field(value, "typname"));
    } else if (key == "PLpgSQL_stmt_dynexecute" || key == "PLpgSQL_stmt_dynfors") {
      plpgsql_dynamic(value, level);
    } else if (key == "dynquery") {
      runs_unknown_sql(context_.function);
      plpgsql_node(value, level);
    } else if (key == "PLpgSQL_stmt_getdiag") {
      facts_.reads_errors = facts_.reads_errors || bool_field(value, "is_stacked");
    } else if (key == "PLpgSQL_stmt_fetch") {
      // Whose rows they are cannot be known.
      runs_unknown_sql(context_.function);
      plpgsql_node(value, level);
    } else if (key == "PLpgSQL_stmt_foreach_a") {
      // How often it runs, and with what.
      if (const auto expression = field(value, "expr"))
        tell(plpgsql_values(*expression, level), kUsedInPredicate);
      plpgsql_node(value, level);
    } else if (key == "PLpgSQL_stmt_commit" || key == "PLpgSQL_stmt_rollback") {
      facts_.outside_transaction = true;
    } else if (key == "PLpgSQL_stmt_raise") {
      // Messages reach the client as rows do.
      const Value told = plpgsql_values(value, level);
      gather_.use(told, kUsedInOutput);
      give_away(told);
    } else if (key == "cond" || key == "t_expr") {
      test(plpgsql_values(value, level), kUsedInPredicate);
    } else if (key == "PLpgSQL_case_when") {
      if (const auto condition = field(value, "expr")) {
        test(plpgsql_values(*condition, level), kUsedInPredicate);
      }
      if (const auto statements = field(value, "stmts")) plpgsql_node(*statements, level);
    } else if (key == "lower" || key == "upper" || key == "step") {
      // How often a loop runs.
      tell(plpgsql_values(value, level), kUsedInPredicate);
    } else {
      plpgsql_node(value, level);
    }
  }
}

Value Walker::plpgsql_values(const Node& node, const Level& level) {
  Value values;
  auto* around = std::exchange(context_.collected, &values);
  plpgsql_node(node, level);
  context_.collected = around;
  if (around != nullptr) around->add(values);
  return values;
}

bool Walker::plpgsql_text(const std::string& text, const Level& level) {
  return with_body(text, [&](const Node& root) {
    for_each(root, "stmts", [&](const Node& raw) {
      const auto wrapper = field(raw, "stmt");
      if (!wrapper) return;
      const RowsPtr rows = rows_of(*wrapper, &level, level.ctes);
      if (context_.collected != nullptr) {
        (void)spend(rows->count());
        context_.collected->add(rows->whole(rows));
      }
    });
  });
}

void Walker::plpgsql_expression(const std::string& text, const Level& level) {
  if (strcasestr(text.c_str(), "sqlerrm") != nullptr) facts_.reads_errors = true;
  // A query, an expression, or an assignment, whose target may have subscripts.
  if (plpgsql_text(text, level) || plpgsql_text("SELECT " + text, level)) return;
  const auto assignment = find_assignment(text);
  if (assignment && plpgsql_text("SELECT " + text.substr(0, assignment->first), level) &&
      plpgsql_text("SELECT " + text.substr(assignment->second), level)) {
    return;
  }
  fail("part of a code block cannot be understood", "42601");
}

void Walker::plpgsql_dynamic(const Node& statement, const Level& level) {
  // EXECUTE: known only when what it runs is written out as one literal.
  const auto query = field(statement, "query");
  const auto wrapped = query ? field(*query, "PLpgSQL_expr") : std::nullopt;
  std::string constant;
  bool literal = false;
  const bool parsed =
      wrapped && with_body("SELECT " + std::string(text_field(*wrapped, "query")),
                           [&](const Node& root) { literal = read_literal(root, constant); });
  if (parsed && literal) {
    plpgsql_expression(constant, level);
  } else {
    runs_unknown_sql(context_.function);
    if (query) give_away(plpgsql_values(*query, level));
  }
  simdjson::dom::object object;
  if (statement.get(object) != simdjson::SUCCESS) return;
  for (const auto [key, value] : object) {
    if (key == "params") {
      // Which of them stands where is not looked at.
      give_away(plpgsql_values(value, level));
    } else if (key != "query") {
      plpgsql_node(value, level);
    }
  }
}

}  // namespace sluice::sql
