#include "sql/parse_tree.h"

#include <memory>

#include <pg_query.h>

namespace sluice::sql {
namespace {

template <typename Answer>
void read_error(const Answer& answer, ParseTree& tree) {
  tree.error = answer.error->message != nullptr ? answer.error->message : "cannot be parsed";
  tree.error_position = answer.error->cursorpos;
}

}  // namespace

ParseTree parse_sql(const std::string& text) {
  PgQueryParseResult answer = pg_query_parse(text.c_str());
  ParseTree tree;
  if (answer.error != nullptr) {
    read_error(answer, tree);
  } else {
    tree.json = answer.parse_tree;
  }
  pg_query_free_parse_result(answer);
  return tree;
}

ParseTree parse_plpgsql(const std::string& create_function) {
  PgQueryPlpgsqlParseResult answer = pg_query_parse_plpgsql(create_function.c_str());
  ParseTree tree;
  if (answer.error != nullptr) {
    read_error(answer, tree);
  } else {
    tree.json = answer.plpgsql_funcs;
  }
  pg_query_free_plpgsql_parse_result(answer);
  return tree;
}

}  // namespace sluice::sql
