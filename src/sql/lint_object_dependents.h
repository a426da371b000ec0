#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/lint_script.h"

namespace sluice::sql {

/// A column whose type is a domain, or one made over it.
struct DomainColumn {
  const catalog::Relation* table = nullptr;
  const catalog::Column* column = nullptr;
};

/// Columns of tables and materialized views whose values a new constraint of a domain is checked
/// against.
std::vector<DomainColumn> columns_of_domain(const catalog::Catalog& catalog, catalog::Oid domain);

/// What of the catalog needs a type or domain: "column public.orders.mood", "function public.f",
/// "domain public.d", "type public.pair".
std::vector<std::string> dependents_of_type(const catalog::Catalog& catalog,
                                            const catalog::Type& type);

/// What needs a function: triggers, operators, casts, event triggers by its identifier; views,
/// defaults, constraints, indexes, policies and other functions by reading them: one that names it
/// counts.
std::vector<std::string> dependents_of_function(const catalog::Catalog& catalog,
                                                const catalog::Function& function);

/// All that lies in a schema, and what elsewhere needs one of its tables.
std::vector<std::string> dependents_of_schema(const catalog::Catalog& catalog,
                                              std::string_view schema);

/// What a DROP of one object that is no relation takes along or fails for; `object` is an element
/// of the statement's list, `type` its removeType.
std::vector<std::string> dependents_of_object(const LintScript& script, std::string_view type,
                                              const Node& object);

}  // namespace sluice::sql
