#pragma once

#include <optional>

#include "control/http_server.h"

namespace sluice::control {

/// Why a request is refused whose body, an object of JSON, has a field that the description of the
/// API does not know for it, or one of another type than is described; nothing where all are right.
/// What was meant by such a field would otherwise be left out silently: a token that was to be good
/// for one database, good for all.
std::optional<HttpResponse> wrong_fields(const HttpRequest& request);

}  // namespace sluice::control
