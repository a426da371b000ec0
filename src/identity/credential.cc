#include "identity/credential.h"

#include <algorithm>

#include "base/hash.h"
#include "base/random.h"

namespace sluice::identity {

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
