#include "identity/credential_secret.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/hash.h"
#include "base/random.h"
#include "identity/credential.h"

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

/// Made of the bytes that `fill` has for it.
SecretString secret_of(const std::function<void(std::array<unsigned char, 32>&)>& fill) {
  std::string secret(kPrefix);
  secret.reserve(kPrefix.size() + kRandom + kCheck);
  std::array<unsigned char, 32> bytes;
  while (secret.size() < kPrefix.size() + kRandom) {
    fill(bytes);
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

}  // namespace

SecretString make_credential_secret() {
  return secret_of([](auto& bytes) { random_bytes(bytes.data(), bytes.size()); });
}

SecretString derived_credential_secret(std::string_view key) {
  uint8_t block = 0;
  return secret_of([&](auto& bytes) {
    auto digest = hmac_sha256(key, std::string(1, static_cast<char>(block++)));
    std::copy(digest.begin(), digest.end(), bytes.begin());
    sodium_memzero(digest.data(), digest.size());
  });
}

bool is_credential_secret(std::string_view text) {
  if (text.size() != kPrefix.size() + kRandom + kCheck || !text.starts_with(kPrefix)) return false;
  const std::string_view random = text.substr(kPrefix.size(), kRandom);
  return random.find_first_not_of(kDigits) == std::string_view::npos &&
         text.substr(kPrefix.size() + kRandom) == check_of(random);
}

}  // namespace sluice::identity
