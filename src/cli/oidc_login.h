#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::cli {

/// Asks the gateway's HTTP API: method, path, body ("" for none). What it refuses is an error;
/// `wait` then says for how long it is not to be asked again (Retry-After), where it has said so.
using AskGateway = std::function<Result<boost::json::value>(
    const std::string& method, const std::string& path, const std::string& body, Duration& wait)>;

/// Logs in by an identity provider; what the gateway answers is a credential, as for a password.
/// The browser is opened or its address printed, and comes back to a port of this machine (RFC
/// 8252, section 7.3), so that a code can only be brought here. With `device` somebody enters a
/// code in a browser anywhere (RFC 8628).
Result<boost::json::value> login_by_issuer(const AskGateway& ask, const std::string& issuer,
                                           bool device);

/// The query of the first line of a request to `path`; nothing for any other request.
std::optional<std::string> query_of_request(std::string_view request, std::string_view path);

}  // namespace sluice::cli
