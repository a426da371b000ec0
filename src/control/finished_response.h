#pragma once

// Beast is slow to compile: this is for http_server.cc.
#include <boost/beast/http.hpp>

#include "control/http_server.h"

namespace sluice::control {

/// An answer as it goes over the wire, to `request`.
inline boost::beast::http::response<boost::beast::http::string_body> finished(
    const boost::beast::http::request<boost::beast::http::string_body>& request,
    HttpResponse made) {
  namespace http = boost::beast::http;
  http::response<http::string_body> response(static_cast<http::status>(made.status),
                                             request.version());
  response.set(http::field::content_type, made.content_type);
  response.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : made.headers) response.set(name, value);
  response.keep_alive(request.keep_alive());
  if (made.status == 204 || made.status == 304) {
    response.erase(http::field::content_type);
    return response;
  }
  response.content_length(made.body.size());
  if (request.method() != http::verb::head) response.body() = std::move(made.body);
  return response;
}

}  // namespace sluice::control
