#include "gateway/login_certificate.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "gateway/identified.h"
#include "identity/oidc_identity.h"

namespace sluice::gateway {
namespace {

constexpr const char* kMechanism = "certificate";

std::vector<std::string> names_of(const net::PeerCertificate& certificate, std::string_view field) {
  if (field == "uri") return certificate.uris;
  if (field == "dns") return certificate.dns_names;
  if (field == "email") return certificate.emails;
  return {certificate.common_name};
}

bool fits(const config::CertificateConfig& entry, const net::PeerCertificate& certificate) {
  return std::all_of(entry.match.begin(), entry.match.end(), [&](const auto& field) {
    const auto names = names_of(certificate, field.first);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return identity::matches_pattern(field.second, name);
    });
  });
}

Result<Proof> proof_by_authority(const config::CertificateConfig& entry,
                                 const net::ClientAuthorities& authorities,
                                 const net::PeerCertificate& certificate,
                                 std::string_view database) {
  SLUICE_TRY(authorities.check(certificate));
  const auto& good_for = entry.databases;
  if (!good_for.empty() && std::find(good_for.begin(), good_for.end(), database) == good_for.end())
    return fail(ErrorCode::kAuthentication, "the certificate is not for this database");
  return Proof{kMechanism, {}, entry.name, certificate.expires_micros};
}

}  // namespace

Result<std::optional<Proof>> proof_by_certificate(const Runtime& runtime,
                                                  const net::PeerCertificate& certificate,
                                                  std::string_view user, std::string_view database,
                                                  int64_t now_micros) {
  const auto& directory = *runtime.directory;
  const identity::User* known = directory.find(user);
  if (known == nullptr) return std::nullopt;
  const identity::Credential* shown = directory.credential_of_key(certificate.key_digest);
  if (shown != nullptr && shown->user == user) {
    if (const auto why = not_welcome(directory, *known, shown, database, now_micros))
      return fail(ErrorCode::kAuthentication, why->why);
    return Proof{kMechanism, shown->id, {}, INT64_MAX};
  }
  std::optional<Error> why;
  const auto& entries = runtime.config->identity.certificates;
  for (size_t i = 0; i < entries.size() && i < runtime.authorities.size(); ++i) {
    if (entries[i].user != user || !fits(entries[i], certificate)) continue;
    auto proof = proof_by_authority(entries[i], *runtime.authorities[i], certificate, database);
    if (proof) return std::move(*proof);
    why = std::move(proof.error()).within(entries[i].name);
  }
  if (why) return fail(std::move(*why));
  return std::nullopt;
}

}  // namespace sluice::gateway
