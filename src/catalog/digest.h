#pragma once

#include <string>
#include <vector>

#include "catalog/loader.h"

namespace sluice::catalog {

/// SHA-256 over what a catalog is made from, `base` included: equal readings make equal catalogs.
std::string digest(const std::vector<Rows>& results, const Catalog* base);

}  // namespace sluice::catalog
