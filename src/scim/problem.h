#pragma once

#include <string>
#include <utility>

#include <boost/json.hpp>
#include <tl/expected.hpp>

namespace sluice::scim {

/// Why a request is refused (RFC 7644, section 3.12).
struct Problem {
  int status = 400;
  std::string type;  ///< scimType: "invalidFilter", "uniqueness", …; empty: none
  std::string detail;
};

template <typename T = void>
using Outcome = tl::expected<T, Problem>;

inline tl::unexpected<Problem> refuse(int status, std::string type, std::string detail) {
  return tl::unexpected<Problem>(Problem{status, std::move(type), std::move(detail)});
}

/// The body that tells of it.
inline boost::json::object to_json(const Problem& problem) {
  boost::json::object out{
      {"schemas", boost::json::array{"urn:ietf:params:scim:api:messages:2.0:Error"}},
      {"status", std::to_string(problem.status)},
      {"detail", problem.detail}};
  if (!problem.type.empty()) out["scimType"] = problem.type;
  return out;
}

}  // namespace sluice::scim
