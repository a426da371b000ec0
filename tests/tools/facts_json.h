#pragma once

#include <boost/json/object.hpp>

#include "sql/statement_facts.h"

namespace sluice::tools {

/// Facts of one statement as JSON; columns by the names they have in `catalog`.
boost::json::object to_json(const sql::StatementFacts& facts, const catalog::Catalog& catalog);

}  // namespace sluice::tools
