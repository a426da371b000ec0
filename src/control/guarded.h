#pragma once

#include <exception>

#include "base/log.h"
#include "control/http_server.h"

namespace sluice::control {

/// A library that throws at a request costs this request its answer, not all others theirs.
template <typename Make>
HttpResponse guarded(const Make& make) {
  try {
    return make();
  } catch (const std::exception& problem) {
    log::error("http: a request could not be answered: {}", problem.what());
    HttpResponse failed;
    failed.status = 500;
    failed.content_type = "application/problem+json";
    failed.body = R"({"title":"Internal Server Error","status":500})";
    return failed;
  }
}

}  // namespace sluice::control
