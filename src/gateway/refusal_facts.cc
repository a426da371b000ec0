#include "gateway/refusal_facts.h"

#include <boost/json/serialize.hpp>

#include "base/bytes.h"

namespace sluice::gateway {

std::string refusal_detail(const policy::Decision& refused, boost::json::object facts) {
  boost::json::object detail{{"rule", refused.rule}, {"effect", "deny"}};
  if (!refused.policy_version.empty()) detail["policy"] = refused.policy_version;
  // Messages may quote what a client has sent.
  detail["reason"] = to_printable_utf8(refused.message);
  detail["facts"] = std::move(facts);
  detail["next"] = to_printable_utf8(refused.hint);
  return boost::json::serialize(detail);
}

}  // namespace sluice::gateway
