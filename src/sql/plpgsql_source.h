#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace sluice::sql {

/// Code as libpg_query's parser of PL/pgSQL reads it: a CREATE FUNCTION. It knows no tables and no
/// fields of records, so that variables of a row type are made records and assignments to fields
/// ones to the record.
struct PlpgsqlSource {
  std::string text;
  std::vector<std::string> row_types;  ///< what stood before %ROWTYPE, as it was written
};

/// The body of a function of the catalog: types of arguments do not matter to the parser, names do.
PlpgsqlSource plpgsql_function(const catalog::Function& function, bool trigger);

/// The body of DO.
PlpgsqlSource plpgsql_block(const std::string& body);

}  // namespace sluice::sql
