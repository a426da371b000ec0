#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sql/node.h"

namespace sluice::sql {

/// A type by its internal name ("int4", "varchar") and its modifiers.
struct LintType {
  std::string schema;  ///< empty when not written, or pg_catalog
  std::string name;
  std::vector<int64_t> modifiers;
  bool array = false;

  /// smallserial, serial, bigserial and their other names.
  bool serial() const;
};

/// The type of a TypeName node.
LintType type_of(const Node& type_name);

/// The type that format_type wrote: "character varying(10)", "timestamp(3) without time zone".
LintType parse_type(std::string_view formatted);

/// Whether ALTER COLUMN … TYPE from one to the other leaves the table as it is (PostgreSQL 15:
/// binary coercible, or the length coercion is known to change nothing). Types that are not known
/// here rewrite.
bool keeps_table(const LintType& from, const LintType& to);

}  // namespace sluice::sql
