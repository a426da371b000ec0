#pragma once

#include <string_view>

#include "catalog/catalog.h"

namespace sluice::sql {

/// Whether an expression as the server renders it (a default, a check, an index's) calls nothing
/// but harmless functions and operators of pg_catalog. Tells quickly, without parsing: false for
/// anything in doubt.
bool harmless_expression(const catalog::Catalog& catalog, std::string_view text);

/// Whether such an expression may call a function or an operator that users made.
bool calls_of_users(const catalog::Catalog& catalog, std::string_view text);

}  // namespace sluice::sql
