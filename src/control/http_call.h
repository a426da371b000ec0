#pragma once

#include <filesystem>

#include "base/clock.h"
#include "base/result.h"
#include "control/http_server.h"

namespace sluice::control {

/// As http_call of http_server.h, which waits for an answer for ten minutes: some of what is asked
/// for takes long. kTimeout: it has not come within `patience`. kInvalidInput: the gateway would
/// not read so long a request. kDenied: the socket is not for this user. kUnavailable: nobody
/// listens there, or whoever does broke off.
Result<HttpResponse> http_call(const std::filesystem::path& socket, const HttpRequest& request,
                               Duration patience);

}  // namespace sluice::control
