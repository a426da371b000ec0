#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace sluice::agents {

/// Of what has read text that anybody may have written (gateway/taints.h): whose, until when.
using Tainted = std::vector<std::pair<std::string, int64_t>>;

/// Never shortens what is there.
Result<> keep_taint(store::Database& database, const std::string& whose, int64_t until_micros);
/// All that still lasts; what is over is removed.
Result<Tainted> load_taints(store::Database& database, int64_t now_micros);

}  // namespace sluice::agents
