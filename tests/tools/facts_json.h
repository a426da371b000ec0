#pragma once

#include <boost/json/object.hpp>

#include "sql/statement_facts.h"

namespace sluice::tools {

/// All that tests compare of a statement's facts, as JSON, by the names of the members.
boost::json::object to_json(const sql::StatementFacts& facts);

}  // namespace sluice::tools
