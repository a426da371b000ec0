#pragma once

#include <string_view>

#include <boost/json.hpp>

#include "control/http_server.h"

namespace sluice::control {

inline HttpResponse json_response(int status, const boost::json::value& value) {
  return {status, "application/json", boost::json::serialize(value) + "\n"};
}

/// RFC 9457.
inline HttpResponse problem(int status, std::string_view title, std::string_view detail = {}) {
  boost::json::object body{{"title", title}, {"status", status}};
  if (!detail.empty()) body["detail"] = detail;
  return {status, "application/problem+json", boost::json::serialize(body) + "\n"};
}

}  // namespace sluice::control
