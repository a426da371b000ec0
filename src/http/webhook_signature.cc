#include "http/webhook_signature.h"

#include <charconv>

#include "base/base64.h"
#include "base/hash.h"

namespace sluice::http {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::string_view kVersion = "v1,";
constexpr size_t kShortestKey = 16;
/// More signatures than while a key is being replaced are no signatures.
constexpr int kMostSignatures = 8;

std::string mac(const SecretString& key, std::string_view bytes) {
  const auto raw = hmac_sha256(key.reveal(), bytes);
  return {raw.data(), raw.size()};
}

std::string signed_text(std::string_view id, std::string_view timestamp, std::string_view body) {
  std::string text(id);
  text.append(".").append(timestamp).append(".").append(body);
  return text;
}

tl::unexpected<Error> refused(std::string text) {
  return fail(ErrorCode::kAuthentication, std::move(text));
}

/// Unix seconds that are not far from now.
Result<> check_time(std::string_view timestamp, int64_t now_micros) {
  int64_t seconds = 0;
  const char* end = timestamp.data() + timestamp.size();
  const auto [stop, error] = std::from_chars(timestamp.data(), end, seconds);
  if (timestamp.empty() || error != std::errc() || stop != end || seconds < 0)
    return refused("the timestamp is not in seconds since 1970");
  const int64_t now = now_micros / 1'000'000;
  const int64_t apart = seconds > now ? seconds - now : now - seconds;
  if (apart > std::chrono::duration_cast<std::chrono::seconds>(kWebhookTolerance).count())
    return refused("the timestamp is more than 5 minutes away from now: check both clocks");
  return {};
}

}  // namespace

Result<SecretString> webhook_key(const SecretString& secret) {
  const std::string_view text = secret.reveal();
  std::string key(text);
  if (text.starts_with(kPrefix)) {
    auto raw = from_base64(text.substr(kPrefix.size()));
    if (!raw) {
      return fail(ErrorCode::kInvalidInput,
                  "the secret begins with whsec_ but no base64 follows; make one with: "
                  "echo whsec_$(openssl rand -base64 32)");
    }
    key = std::move(*raw);
  }
  if (key.size() < kShortestKey) {
    return fail(ErrorCode::kInvalidInput,
                "the secret is shorter than 16 bytes; make one with: "
                "echo whsec_$(openssl rand -base64 32)");
  }
  return SecretString(std::move(key));
}

Result<std::vector<SecretString>> webhook_keys(const SecretString& secret) {
  std::vector<SecretString> keys;
  std::string_view rest = secret.reveal();
  // A phrase may have blanks of its own.
  const bool several = rest.starts_with(kPrefix) && rest.find(' ') != std::string_view::npos;
  do {
    const std::string_view one = several ? rest.substr(0, rest.find(' ')) : rest;
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (several && one.empty()) continue;
    if (several && !one.starts_with(kPrefix)) {
      return fail(ErrorCode::kInvalidInput,
                  "of several secrets with blanks between them each begins with whsec_");
    }
    SLUICE_ASSIGN(auto key, webhook_key(SecretString(std::string(one))));
    keys.push_back(std::move(key));
  } while (!rest.empty());
  return keys;
}

std::map<std::string, std::string> webhook_headers(const SecretString& key, const std::string& id,
                                                   int64_t unix_seconds, const std::string& body) {
  const std::string timestamp = std::to_string(unix_seconds);
  return {{"webhook-id", id},
          {"webhook-timestamp", timestamp},
          {"webhook-signature",
           std::string(kVersion) + to_base64(mac(key, signed_text(id, timestamp, body)))}};
}

std::map<std::string, std::string> webhook_headers(const std::vector<SecretString>& keys,
                                                   const std::string& id, int64_t unix_seconds,
                                                   const std::string& body) {
  std::map<std::string, std::string> headers;
  for (const SecretString& key : keys) {
    auto by_this = webhook_headers(key, id, unix_seconds, body);
    if (headers.empty()) {
      headers = std::move(by_this);
    } else {
      headers["webhook-signature"] += " " + by_this["webhook-signature"];
    }
  }
  return headers;
}

Result<> check_webhook(const SecretString& key, const WebhookSignature& given, Bytes body,
                       int64_t now_micros) {
  if (given.id.empty() || given.timestamp.empty() || given.signatures.empty())
    return refused("webhook-id, webhook-timestamp and webhook-signature are needed");
  const std::string right = to_base64(mac(key, signed_text(given.id, given.timestamp, body)));
  bool good = false;
  std::string_view rest = given.signatures;
  for (int i = 0; i < kMostSignatures && !rest.empty(); ++i) {
    const std::string_view one = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one.starts_with(kVersion))
      good = equal_constant_time(one.substr(kVersion.size()), right) || good;
  }
  if (!good) return refused("the signature is not right");
  return check_time(given.timestamp, now_micros);
}

Result<> check_slack(const SecretString& key, std::string_view timestamp,
                     std::string_view signature, Bytes body, int64_t now_micros) {
  if (timestamp.empty() || signature.empty())
    return refused("X-Slack-Request-Timestamp and X-Slack-Signature are needed");
  std::string text = "v0:";
  text.append(timestamp).append(":").append(body);
  if (!equal_constant_time(signature, "v0=" + to_hex(mac(key, text))))
    return refused("the signature is not right");
  return check_time(timestamp, now_micros);
}

}  // namespace sluice::http
