#pragma once

#include <string>

#include <boost/json.hpp>

#include "audit/record.h"

namespace sluice::audit {

/// A record as JSON with stable field names (docs/audit.md). Fields without a value are left out.
boost::json::object to_json(const Record& record);

}  // namespace sluice::audit
