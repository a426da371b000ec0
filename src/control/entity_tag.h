#pragma once

#include "control/http_server.h"

namespace sluice::control {

/// What was found, with an ETag of it (RFC 9110, 8.8.3); who shows that they have it already gets
/// 304 and nothing more. Nothing of this to what is no plain success of a GET.
HttpResponse tagged(const HttpRequest& request, HttpResponse response);

}  // namespace sluice::control
