#include "stream/webhook.h"

#include <array>

#include <boost/json.hpp>
#include <sodium.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "stream/format.h"

namespace sluice::stream {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr size_t kShortestKey = 16;

std::string hmac_sha256_base64(std::string_view key,
                               std::initializer_list<std::string_view> parts) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key.data()),
                              key.size());
  for (const auto& part : parts) {
    crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                                  part.size());
  }
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_final(&state, mac.data());
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
  std::string out(sodium_base64_ENCODED_LEN(mac.size(), kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), mac.data(), mac.size(), kVariant);
  out.pop_back();  // The terminating zero.
  return out;
}

}  // namespace

std::string webhook_body(config::StreamFormat format, const Source& source, const Entry& entry) {
  return boost::json::serialize(
      boost::json::object{{"type", "sluice." + std::string(audit::name_of(entry.record.type))},
                          {"timestamp", format_time(entry.record.time_micros)},
                          {"data", formatted(format, source, entry)}});
}

Result<SecretString> webhook_key(const SecretString& secret) {
  const std::string_view text = secret.reveal();
  std::string key(text);
  if (text.starts_with(kPrefix)) {
    const std::string_view encoded = text.substr(kPrefix.size());
    key.assign(encoded.size(), '\0');
    size_t length = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(key.data()), key.size(), encoded.data(),
                          encoded.size(), nullptr, &length, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
      return fail(ErrorCode::kInvalidInput,
                  "the secret begins with whsec_ but no base64 follows; make one with: "
                  "echo whsec_$(openssl rand -base64 32)");
    }
    key.resize(length);
  }
  if (key.size() < kShortestKey) {
    return fail(ErrorCode::kInvalidInput,
                "the secret is shorter than 16 bytes; make one with: "
                "echo whsec_$(openssl rand -base64 32)");
  }
  return SecretString(std::move(key));
}

std::map<std::string, std::string> webhook_headers(const SecretString& key, const std::string& id,
                                                   int64_t unix_seconds, const std::string& body) {
  const std::string timestamp = std::to_string(unix_seconds);
  return {{"webhook-id", id},
          {"webhook-timestamp", timestamp},
          {"webhook-signature",
           "v1," + hmac_sha256_base64(key.reveal(), {id, ".", timestamp, ".", body})}};
}

}  // namespace sluice::stream
