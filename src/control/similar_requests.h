#pragma once

#include <vector>

#include <boost/json.hpp>

#include "approval/request.h"

namespace sluice::control {

/// Of `others`, the newest first, those at the same database that did to some object what `request`
/// does to it, for who decides to see how it went: [{"number", "state", "created", "requester",
/// "statement", "in_common": ["drop public.orders"]}], at most five.
boost::json::array similar_to(const approval::Request& request,
                              const std::vector<approval::Request>& others);

}  // namespace sluice::control
