#include "control/entity_tag.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace sluice::control {

HttpResponse tagged(const HttpRequest& request, HttpResponse response) {
  const bool plain = response.status == 200 && !response.stream && !response.later &&
                     (request.method == "GET" || request.method == "HEAD");
  if (response.headers.count("Cache-Control") == 0 && !response.stream)
    response.headers["Cache-Control"] = plain ? "private, no-cache" : "no-store";
  if (!plain) return response;
  const auto digest = sha256(response.body);
  const std::string tag = fmt::format("\"{}\"", to_hex({digest.data(), 16}));
  response.headers["ETag"] = tag;
  const auto known = request.header("if-none-match");
  if (known.find(tag) != std::string_view::npos || known == "*") {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

}  // namespace sluice::control
