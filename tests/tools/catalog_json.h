#pragma once

#include <boost/json/object.hpp>

#include "catalog/catalog.h"

namespace sluice::tools {

/// The catalog's users' objects, or with `system` all, as JSON.
boost::json::object to_json(const catalog::Catalog& catalog, bool system);

}  // namespace sluice::tools
