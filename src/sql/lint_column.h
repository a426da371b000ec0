#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/lint_script.h"
#include "sql/lint_types.h"

namespace sluice::sql {

/// A column definition of CREATE TABLE or ADD COLUMN, taken apart.
struct LintColumn {
  struct Part {
    std::string_view kind;  ///< "CONSTR_CHECK"
    Node node;
    std::string sql;  ///< as written: "CHECK (a > 0)"
  };

  std::string name;
  LintType type;
  std::string type_sql;  ///< as written, with COLLATE
  std::vector<Part> parts;

  const Part* part(std::string_view kind) const;
  bool has(std::string_view kind) const { return part(kind) != nullptr; }
  /// "name type": the definition without any constraint or default.
  std::string bare() const { return quote_ident(name) + " " + type_sql; }
};

/// Takes a ColumnDef node apart; `script` is the text it was parsed from.
LintColumn column_of(const Node& definition, std::string_view script);

/// Whether evaluating an expression again may give another value.
enum class Volatility : uint8_t { kStable, kVolatile, kNotKnown };

/// Of an expression, by the functions it calls; those that neither the catalog nor a list of
/// PostgreSQL's own knows make it kNotKnown.
Volatility volatility_of(const Node& expression, const LintScript& script);

}  // namespace sluice::sql
