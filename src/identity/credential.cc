#include "identity/credential.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/random.h"

namespace sluice::identity {
namespace {

constexpr std::string_view kPrefix = "slc_";
constexpr size_t kRandom = 43;  // log2(62) * 43 = 256.03 bits
constexpr size_t kCheck = 6;    // 62^6 > 2^32
constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string check_of(std::string_view random) {
  uint32_t crc = crc32c(random);
  std::string out(kCheck, '0');
  for (size_t i = kCheck; i > 0; --i) {
    out[i - 1] = kDigits[crc % kDigits.size()];
    crc /= static_cast<uint32_t>(kDigits.size());
  }
  return out;
}

}  // namespace

std::string_view name_of(CredentialKind kind) {
  return kind == CredentialKind::kToken ? "token" : "session";
}

std::optional<CredentialKind> find_credential_kind(std::string_view name) {
  for (const auto kind : {CredentialKind::kSession, CredentialKind::kToken}) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

bool Credential::good_for(std::string_view database) const {
  return databases.empty() ||
         std::find(databases.begin(), databases.end(), database) != databases.end();
}

SecretString make_credential_secret() {
  std::string secret(kPrefix);
  secret.reserve(kPrefix.size() + kRandom + kCheck);
  std::array<unsigned char, 64> bytes;
  while (secret.size() < kPrefix.size() + kRandom) {
    random_bytes(bytes.data(), bytes.size());
    for (const unsigned char byte : bytes) {
      const unsigned value = byte & 63U;  // One that is no digit is drawn again: all are as likely.
      if (value < kDigits.size() && secret.size() < kPrefix.size() + kRandom)
        secret += kDigits[value];
    }
  }
  sodium_memzero(bytes.data(), bytes.size());
  secret += check_of(std::string_view(secret).substr(kPrefix.size()));
  SecretString made(secret);
  sodium_memzero(secret.data(), secret.size());
  return made;
}

bool is_credential_secret(std::string_view text) {
  if (text.size() != kPrefix.size() + kRandom + kCheck || !text.starts_with(kPrefix)) return false;
  const std::string_view random = text.substr(kPrefix.size(), kRandom);
  return random.find_first_not_of(kDigits) == std::string_view::npos &&
         text.substr(kPrefix.size() + kRandom) == check_of(random);
}

std::string make_credential_id() {
  constexpr std::string_view kClear = "0123456789abcdefghjkmnpqrstvwxyz";
  uint64_t bits = random_u64();
  std::string id;
  for (int i = 0; i < 10; ++i, bits >>= 5) id += kClear[bits & 31];
  return id;
}

std::string credential_digest(std::string_view secret) {
  const auto digest = sha256(secret);
  return {digest.data(), digest.size()};
}

std::string certificate_digest(std::string_view key_digest) {
  return credential_digest(std::string("sluice client certificate v1\n").append(key_digest));
}

}  // namespace sluice::identity
