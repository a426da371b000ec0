#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sluice::cli {

/// Asks a gateway's HTTP API, whose certificate must be of the system's authorities or of those in
/// the file that SLUICE_CA names; `base` is "https://gateway.example". `credential`: shown as a
/// Bearer token, where it is not empty. What it refuses is an error with the gateway's own words,
/// and `retry_after` what it says of when to ask again, if it does.
Result<boost::json::value> call_http(const std::string& base, const std::string& method,
                                     const std::string& path, const std::string& body,
                                     const SecretString& credential = {},
                                     Duration* retry_after = nullptr);
/// The same of what is no JSON: GETs its text.
Result<std::string> read_http(const std::string& base, const std::string& path,
                              const SecretString& credential = {});

/// Reads a stream of events (text/event-stream) line by line, until `take` says false, `stopping`
/// is set, or the gateway ends it (kUnavailable).
Result<> follow_http(const std::string& base, const std::string& path,
                     const SecretString& credential, const std::atomic<bool>& stopping,
                     const std::function<bool(std::string_view line)>& take);

}  // namespace sluice::cli
