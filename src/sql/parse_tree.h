#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sluice::sql {

/// libpg_query's answer for one text: PostgreSQL's own raw parse tree as JSON.
struct ParseTree {
  std::string json;
  std::string error;       ///< not empty: why there is no tree
  int error_position = 0;  ///< 1-based, 0 unknown
};

/// Parses with PostgreSQL 15's grammar. Recurses as deep as the tree is.
ParseTree parse_sql(const std::string& text);

/// Parses a PL/pgSQL body (given as a CREATE FUNCTION statement).
ParseTree parse_plpgsql(const std::string& create_function);

}  // namespace sluice::sql
