#include <cstring>

#include <fmt/format.h>

#include "base/random.h"
#include "wire/postgres/scram.h"
#include "wire/postgres/scram_crypto.h"

namespace sluice::wire::postgres {
namespace {

constexpr std::string_view kPrefix = "SCRAM-SHA-256$";
constexpr size_t kSaltBytes = 16;  ///< PostgreSQL's SCRAM_DEFAULT_SALT_LEN

/// Takes what stands before `separator` off the front of `rest`.
Result<std::string_view> field(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  if (end == std::string_view::npos) {
    return fail(ErrorCode::kInvalidInput, "malformed SCRAM verifier");
  }
  const std::string_view value = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return value;
}

Result<ScramKey> key_from_base64(std::string_view text) {
  SLUICE_ASSIGN(const std::string raw, scram::decoded(text));
  ScramKey key;
  if (raw.size() != key.size()) {
    return fail(ErrorCode::kInvalidInput, "malformed SCRAM verifier");
  }
  std::memcpy(key.data(), raw.data(), key.size());
  return key;
}

}  // namespace

Result<ScramVerifier> ScramVerifier::parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) {
    return fail(ErrorCode::kInvalidInput, "not a SCRAM-SHA-256 verifier");
  }
  std::string_view rest = text.substr(kPrefix.size());
  SLUICE_ASSIGN(const auto iterations, field(rest, ':'));
  SLUICE_ASSIGN(const auto salt, field(rest, '$'));
  SLUICE_ASSIGN(const auto stored_key, field(rest, ':'));
  ScramVerifier verifier;
  SLUICE_ASSIGN(verifier.iterations, scram::number(iterations));
  SLUICE_ASSIGN(verifier.salt, scram::decoded(salt));
  SLUICE_ASSIGN(verifier.stored_key, key_from_base64(stored_key));
  SLUICE_ASSIGN(verifier.server_key, key_from_base64(rest));
  if (verifier.iterations < 1 || verifier.salt.empty()) {
    return fail(ErrorCode::kInvalidInput, "malformed SCRAM verifier");
  }
  return verifier;
}

std::string ScramVerifier::format() const {
  return fmt::format("{}{}:{}${}:{}", kPrefix, iterations, to_base64(salt),
                     to_base64(scram::view(stored_key)), to_base64(scram::view(server_key)));
}

std::string make_verifier(std::string_view password, int iterations) {
  return make_verifier(password, random_string(kSaltBytes), iterations);
}

std::string make_verifier(std::string_view password, std::string salt, int iterations) {
  const ScramKeys keys = scram::derive_keys(password, std::move(salt), iterations);
  return ScramVerifier{iterations, keys.salt, scram::hash(keys.client_key), keys.server_key}
      .format();
}

ScramVerifier ScramServer::mock_verifier(std::string_view secret, std::string_view user) {
  ScramVerifier verifier;
  const ScramKey salt = scram::hmac(secret, "SCRAM salt of " + std::string(user));
  verifier.salt.assign(scram::view(salt).substr(0, kSaltBytes));
  random_bytes(verifier.stored_key.data(), verifier.stored_key.size());
  random_bytes(verifier.server_key.data(), verifier.server_key.size());
  return verifier;
}

}  // namespace sluice::wire::postgres
