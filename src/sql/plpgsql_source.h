#pragma once

#include <string>

#include "catalog/catalog.h"

namespace sluice::sql {

/// A CREATE FUNCTION that libpg_query's parser of PL/pgSQL reads, with the body of a function of
/// the catalog: types do not matter to it, names do. It knows no tables and no fields of records,
/// so that variables of a row type are made records and assignments to fields ones to the record.
std::string plpgsql_function(const catalog::Function& function, bool trigger);

/// The same for the body of DO.
std::string plpgsql_block(const std::string& body);

}  // namespace sluice::sql
