#pragma once

#include <algorithm>
#include <memory>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "sql/analyse.h"

namespace sluice::sql {

/// A table t (id, v, done NOT NULL; note, maybe NULL), and another of the same columns in a schema
/// before it.
inline std::shared_ptr<const catalog::Catalog> tables() {
  catalog::Catalog::Contents contents;
  catalog::Oid oid = 20000;
  for (const char* schema : {"pg_temp_3", "public"}) {
    for (const char* name : {"t", "other"}) {
      if (std::string(schema) == "pg_temp_3" && std::string(name) == "t") continue;
      catalog::Relation table;
      table.oid = ++oid;
      table.schema = schema;
      table.name = name;
      table.persistence = table.schema == "public" ? 'p' : 't';
      table.columns = {
          {.number = 1, .name = "id", .type = 23, .type_name = "integer", .not_null = true},
          {.number = 2, .name = "v", .type = 23, .type_name = "integer", .not_null = true},
          {.number = 3, .name = "note", .type = 25, .type_name = "text"},
          {.number = 4, .name = "done", .type = 16, .type_name = "boolean", .not_null = true},
          {.number = 5, .name = "maybe", .type = 16, .type_name = "boolean"}};
      contents.relations.push_back(table);
    }
  }
  return std::make_shared<const catalog::Catalog>(std::move(contents));
}

inline std::shared_ptr<const StatementFacts> facts_of(const std::string& text) {
  Scope scope;
  scope.catalog = tables();
  scope.search_path = {"pg_temp_3", "pg_catalog", "public"};
  return analyse(text, {}, scope);
}

/// Another text of the same form: each number is 7 (or 0), each string 'z' (or '').
inline std::string with_other_literals(const std::string& text, bool empty) {
  static const std::regex kString("'[^']*'"), kNumber("(^|[^A-Za-z_0-9'.])[0-9]+");
  const std::string replaced = std::regex_replace(text, kString, empty ? "''" : "'z'");
  return std::regex_replace(replaced, kNumber, empty ? "$010" : "$017");
}

inline bool takes_all(const StatementFacts& facts) {
  return std::any_of(facts.actions.begin(), facts.actions.end(), [](const Action& action) {
    return action.kind != ActionKind::kRead && action.without_where;
  });
}

/// A verdict is kept by the text without its literals, unless they are said to count.
inline void check_other_literals(const std::string& text, const StatementFacts& facts) {
  if (facts.depends_on_literals) return;
  for (const bool empty : {true, false}) {
    const std::string other = with_other_literals(text, empty);
    EXPECT_EQ(takes_all(*facts_of(other)), takes_all(facts)) << text << " and " << other;
  }
}

inline bool limits(const std::string& condition) {
  const std::string text = "DELETE FROM t WHERE " + condition;
  const auto facts = facts_of(text);
  check_other_literals(text, *facts);
  for (const Action& action : facts->actions)
    if (action.kind == ActionKind::kDelete) return !action.without_where;
  ADD_FAILURE() << condition << ": nothing is deleted";
  return false;
}

inline bool deletes_all(const std::string& text) {
  const auto facts = facts_of(text);
  check_other_literals(text, *facts);
  return takes_all(*facts);
}

}  // namespace sluice::sql
