#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"
#include "control/http_server.h"
#include "control/problem.h"

/// What parts of the API share in reading requests and answering failures.
namespace sluice::control {

/// The text of a field, or empty.
inline std::string text_of(const boost::json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

inline int64_t number_of(const boost::json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

/// A number from 1 up, as paths and query strings have them; nothing for any other text.
inline std::optional<int64_t> number_in(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

/// Who does what is asked: whoever the front door has let in, or whom the operator's command line
/// names, for it is trusted with that.
inline std::string author_of(const HttpRequest& request, const boost::json::object& body) {
  return request.user.empty() ? text_of(body, "author") : request.user + " (over HTTP)";
}

inline Result<boost::json::object> body_of(const HttpRequest& request) {
  boost::json::error_code error;
  auto value = boost::json::parse(request.body, error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::kInvalidInput, "the body is not a JSON object");
  }
  return std::move(value.get_object());
}

inline int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput:
      return 400;
    case ErrorCode::kDenied:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kExists:
      return 409;
    default:
      return 502;
  }
}

inline HttpResponse failed(const Error& error) {
  return problem(status_of(error.code), error.text);
}

}  // namespace sluice::control
