#pragma once

#include <vector>

#include <boost/json.hpp>

#include "approval/request.h"

namespace sluice::control {

/// Of `others`, the newest first, those that did to some object of some database what `request`
/// does to it there, for who decides to see how it went: [{"number", "state", "created",
/// "requester", "database", "statement", "in_common": ["drop public.orders"]}], at most five. The
/// `database` of a change is the list of its targets.
boost::json::array similar_to(const approval::Request& request,
                              const std::vector<approval::Request>& others);

}  // namespace sluice::control
