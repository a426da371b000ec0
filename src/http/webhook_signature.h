#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sluice::http {

/// The key behind a configured secret: base64 after "whsec_", or else the bytes as they are. An
/// error for one that is too short to sign with.
Result<SecretString> webhook_key(const SecretString& secret);

/// The keys behind a configured secret of what we send: while one is replaced by another, two or
/// more of "whsec_…" with blanks between them. The same errors.
Result<std::vector<SecretString>> webhook_keys(const SecretString& secret);

/// The headers of Standard Webhooks: webhook-id (the same on every try), webhook-timestamp (Unix
/// seconds of this try) and webhook-signature, "v1," and the base64 of
/// HMAC-SHA256(key, "<id>.<timestamp>.<body>"). A receiver that checks all three, refuses old
/// timestamps and remembers ids cannot be fooled by a replay.
std::map<std::string, std::string> webhook_headers(const SecretString& key, const std::string& id,
                                                   int64_t unix_seconds, const std::string& body);
/// With a signature by each of the keys, of which a receiver has to know one.
std::map<std::string, std::string> webhook_headers(const std::vector<SecretString>& keys,
                                                   const std::string& id, int64_t unix_seconds,
                                                   const std::string& body);

/// What those headers of a request to us say.
struct WebhookSignature {
  std::string_view id, timestamp, signatures;
};

/// How far the time of a signed request may be from ours.
inline constexpr Duration kWebhookTolerance = std::chrono::minutes(5);

/// Whether one of the signatures (separated by blanks) is `key`'s over id, timestamp and `body`,
/// and its time is now. kAuthentication, which says why. Whether the id has been seen before is for
/// the caller to find out.
Result<> check_webhook(const SecretString& key, const WebhookSignature& given, Bytes body,
                       int64_t now_micros);

/// Slack's: "v0=" and the hexadecimal HMAC-SHA256(key, "v0:<timestamp>:<body>"). The same errors.
Result<> check_slack(const SecretString& key, std::string_view timestamp,
                     std::string_view signature, Bytes body, int64_t now_micros);

}  // namespace sluice::http
