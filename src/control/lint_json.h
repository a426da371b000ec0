#pragma once

#include <boost/json.hpp>

#include "sql/lint.h"

namespace sluice::control {

/// A finding as JSON with stable field names (docs/lint.md).
boost::json::object to_json(const sql::Finding& finding);

}  // namespace sluice::control
