#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "config/streams.h"
#include "stream/source.h"

namespace sluice::stream {

/// The body of a webhook: {"type": "sluice.statement", "timestamp": …, "data": the record}.
std::string webhook_body(config::StreamFormat format, const Source& source, const Entry& entry);

/// The key behind a configured secret: base64 after "whsec_", or else the bytes as they are. An
/// error for one that is too short to sign with.
Result<SecretString> webhook_key(const SecretString& secret);

/// The headers of Standard Webhooks: webhook-id (the same on every try), webhook-timestamp (Unix
/// seconds of this try) and webhook-signature, "v1," and the base64 of
/// HMAC-SHA256(key, "<id>.<timestamp>.<body>"). A receiver that checks all three, refuses old
/// timestamps and remembers ids cannot be fooled by a replay.
std::map<std::string, std::string> webhook_headers(const SecretString& key, const std::string& id,
                                                   int64_t unix_seconds, const std::string& body);

}  // namespace sluice::stream
