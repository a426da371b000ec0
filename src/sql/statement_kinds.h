#pragma once

#include <string_view>

#include "sql/statement_facts.h"

namespace sluice::sql {

/// What a statement node of the parse tree is.
struct StatementKind {
  std::string_view node;  ///< "CreateStmt"
  std::string_view tag;   ///< PostgreSQL's command tag, or its beginning
  ActionKind action;
  std::string_view object_kind;  ///< of DDL
};

/// The entry for a statement node; null for one we do not know.
const StatementKind* find_statement_kind(std::string_view node);

}  // namespace sluice::sql
