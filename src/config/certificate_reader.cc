#include "config/certificate_reader.h"

#include <algorithm>

#include "config/receiver_reader.h"

namespace sluice::config {
namespace {

using yaml::MapReader;

bool tells_apart(const CertificateConfig& entry) {
  return std::any_of(entry.match.begin(), entry.match.end(), [](const auto& field) {
    return field.second.find_first_not_of('*') != std::string::npos;
  });
}

CertificateConfig read_certificate(MapReader& map, const SecretSource& secrets,
                                   const std::vector<CertificateConfig>& others) {
  CertificateConfig out;
  if (map.scalar("name", out.name, true) && !is_receiver_name(out.name))
    map.problem("name", "expected up to 64 letters, digits, - and _");
  const auto same = [&](const CertificateConfig& other) { return other.name == out.name; };
  if (std::any_of(others.begin(), others.end(), same))
    map.problem("name", "this name is taken by another entry");
  if (map.scalar("ca", out.ca, true)) out.ca = secrets.path(out.ca);
  if (map.scalar("crl", out.crl)) out.crl = secrets.path(out.crl);
  map.map("match", [&](MapReader& match) {
    for (const char* field : {"uri", "dns", "email", "common_name"}) {
      std::string text;
      if (match.scalar(field, text)) out.match.emplace(field, text);
    }
  });
  if (!tells_apart(out)) {
    map.problem("match",
                "expected what tells its certificates from all others of the authority: uri, dns, "
                "email or common_name, such as match: { uri: \"spiffe://example.org/nightly\" }");
  }
  map.scalar("user", out.user, true);
  map.list("databases", [&](const yaml::Item& item) {
    out.databases.push_back(item.text);
    return std::string();
  });
  return out;
}

}  // namespace

void read_certificates(MapReader& identity, const SecretSource& secrets,
                       std::vector<CertificateConfig>& out) {
  if (!identity.has("certificates")) {
    (void)identity.node("certificates");  // A key that is known, if absent.
    return;
  }
  identity.maps("certificates", "an authority's certificates",
                [&](MapReader& map) { out.push_back(read_certificate(map, secrets, out)); });
}

}  // namespace sluice::config
