#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace sluice::yaml {

/// Every value of a document by its path: "audit.segment_size", "databases.orders.masking",
/// "roles[0]"; a mapping in a list that has a name goes by that: "audit.streams[siem].url". An
/// empty mapping or list is a value. An error: it is no document.
Result<std::map<std::string, std::string>> leaves(const std::string& text);

}  // namespace sluice::yaml
