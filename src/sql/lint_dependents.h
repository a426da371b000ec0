#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"

namespace sluice::sql {

/// What of the catalog needs a table, or one column of it (`column` not empty): "view public.v",
/// "index public.i", "constraint c", "foreign key f of public.u", "trigger t", "function public.f",
/// "table public.child". Views and functions are found by reading them: one that names both the
/// table and a column of that name counts.
std::vector<std::string> dependents_of(const catalog::Catalog& catalog,
                                       const catalog::Relation& table, std::string_view column);

/// The names joined for a message: "view public.v and 3 more".
std::string summary_of(const std::vector<std::string>& dependents);

}  // namespace sluice::sql
