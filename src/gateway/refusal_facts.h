#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "policy/decision.h"

namespace sluice::gateway {

/// DETAIL of a refusal that the gateway itself makes, for programs: one JSON object in the form of
/// those that rules make (docs/policy.md, "What the client sees").
std::string refusal_detail(const policy::Decision& refused, boost::json::object facts);

}  // namespace sluice::gateway
