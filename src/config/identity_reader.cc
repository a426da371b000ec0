#include "config/identity_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/certificate_reader.h"
#include "config/ldap_reader.h"
#include "config/receiver_reader.h"
#include "config/units.h"

namespace sluice::config {
namespace {

using yaml::Item;
using yaml::MapReader;

constexpr size_t kLongestText = 255;
constexpr size_t kMostClaims = 16;

std::string text_problem(const std::string& text) {
  const bool odd =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return odd || text.empty() || text.size() > kLongestText
             ? "expected 1 to 255 printable characters"
             : "";
}

/// Texts of a list, in place of what is there by default.
void texts(MapReader& map, const std::string& key, std::vector<std::string>& out) {
  std::vector<std::string> read;
  const bool there = map.list(key, [&](const Item& item) {
    read.push_back(item.text);
    return text_problem(item.text);
  });
  if (there) out = std::move(read);
}

void period(MapReader& map, const std::string& key, Duration& out, Duration low, Duration high,
            const char* range) {
  map.parsed(key, out, parse_duration);
  if (out < low || out > high) map.problem(key, fmt::format("must be {}", range));
}

/// RFC 8252, section 7.3: to this machine, so that nobody else can be sent the code.
std::string redirect_problem(const std::string& url) {
  if (!is_loopback_http(url))
    return "expected http://127.0.0.1, http://[::1] or http://localhost, with or without a port";
  return url.find_first_of("?#") == std::string::npos ? "" : "nothing may follow the path";
}

class IssuerReader {
 public:
  IssuerReader(MapReader& map, const SecretSource& secrets) : map_(map), secrets_(secrets) {}

  IssuerConfig read(const std::vector<IssuerConfig>& others) {
    read_name(others);
    map_.boolean("allow_http", out_.allow_http);
    if (map_.scalar("issuer", out_.issuer, true)) check_url("issuer", out_.issuer);
    for (const auto& other : others) {
      if (other.issuer == out_.issuer && !out_.issuer.empty())
        map_.problem("issuer", "this issuer has an entry already");
    }
    if (map_.scalar("jwks_url", out_.jwks_url)) check_url("jwks_url", out_.jwks_url);
    read_client();
    read_people();
    period(map_, "session", out_.session, std::chrono::minutes(1), std::chrono::hours(24 * 7),
           "from 1m to 7d");
    period(map_, "clock_skew", out_.clock_skew, Duration::zero(), std::chrono::minutes(10),
           "from 0s to 10m");
    period(map_, "timeout", out_.timeout, std::chrono::milliseconds(100), std::chrono::seconds(30),
           "from 100ms to 30s");
    map_.map("tls", [&](MapReader& tls) {
      for (const auto& [key, file] : {std::pair{"ca", &out_.tls.ca},
                                      {"certificate", &out_.tls.certificate},
                                      {"key", &out_.tls.key}}) {
        if (tls.scalar(key, *file)) *file = secrets_.path(*file);
      }
      if (out_.tls.certificate.empty() != out_.tls.key.empty())
        tls.problem("certificate", "certificate and key belong together");
    });
    return std::move(out_);
  }

 private:
  void read_name(const std::vector<IssuerConfig>& others) {
    if (!map_.scalar("name", out_.name, true)) return;
    if (!is_receiver_name(out_.name))
      map_.problem("name", "expected up to 64 letters, digits, - and _");
    const auto same = [this](const IssuerConfig& other) { return other.name == out_.name; };
    if (std::any_of(others.begin(), others.end(), same))
      map_.problem("name", "this name is taken by another issuer");
  }

  void check_url(const std::string& key, const std::string& url) {
    if (url.starts_with("http://")) {
      if (out_.allow_http && is_loopback_http(url)) return;
      map_.problem(key,
                   "expected a url that begins with https://: who can change what it answers "
                   "can be anybody here");
      return;
    }
    const auto wrong = url_problem(url, {"https", "https"}, false);
    if (!wrong.empty()) {
      map_.problem(
          key, wrong.starts_with("expected") ? "expected a url that begins with https://" : wrong);
    } else if (url.find_first_of("?#") != std::string::npos && key == "issuer") {
      map_.problem(key, "an issuer has no ? and no #");
    }
  }

  void read_client() {
    map_.scalar("client_id", out_.client_id);
    if (read_secret(map_, "client_secret", secrets_, out_.client_secret) && out_.client_id.empty())
      map_.problem("client_id", "a client_secret needs a client_id");
    texts(map_, "audience", out_.audiences);
    if (out_.audiences.empty() && !out_.client_id.empty()) out_.audiences = {out_.client_id};
    if (out_.audiences.empty()) {
      map_.problem("client_id",
                   "expected client_id, with which people log in, or audience, whom "
                   "services' tokens must be for");
    }
    texts(map_, "scopes", out_.scopes);
    if (std::find(out_.scopes.begin(), out_.scopes.end(), "openid") == out_.scopes.end())
      map_.problem("scopes", "must have openid, or the issuer says not who somebody is");
    read_algorithms();
    map_.scalar("acr_values", out_.acr_values);
    map_.boolean("device", out_.device);
    map_.parsed(
        "redirect", out_.redirect, +[](std::string_view text) -> Result<std::string> {
          std::string url(text);
          if (auto wrong = redirect_problem(url); !wrong.empty())
            return fail(ErrorCode::kInvalidInput, std::move(wrong));
          return url;
        });
  }

  void read_algorithms() {
    static const std::vector<std::string> known = {"RS256", "RS384", "RS512",  "PS256",
                                                   "PS384", "PS512", "ES256",  "ES384",
                                                   "ES512", "EdDSA", "Ed25519"};
    std::vector<std::string> read;
    const bool there = map_.list("algorithms", [&](const Item& item) -> std::string {
      read.push_back(item.text);
      if (std::find(known.begin(), known.end(), item.text) != known.end()) return {};
      return fmt::format("expected one of {}, got \"{}\"", fmt::join(known, ", "), item.text);
    });
    if (there) out_.algorithms = std::move(read);
  }

  void read_people() {
    map_.scalar("user_claim", out_.user_claim);
    map_.list("domains", [&](const Item& item) -> std::string {
      out_.domains.push_back(item.text);
      const bool good =
          text_problem(item.text).empty() && item.text.find_first_of("@ ") == std::string::npos;
      return good ? "" : "expected a domain such as example.com";
    });
    map_.boolean("strip_domain", out_.strip_domain);
    if (out_.strip_domain && out_.domains.size() != 1) {
      map_.problem("strip_domain",
                   "needs exactly one of domains: of several, two people could have "
                   "one name");
    }
    texts(map_, "claims", out_.claims);
    if (out_.claims.size() > kMostClaims) map_.problem("claims", "at most 16 are kept");
    for (const auto& claim : out_.claims) {
      if (claim.find('=') != std::string::npos) map_.problem("claims", "no name has a =");
    }
    map_.scalar("groups_claim", out_.groups_claim);
    map_.one_of("groups_from", {"token", "userinfo"},
                [&](size_t i) { out_.groups_from_userinfo = i == 1; });
    map_.scalar("groups_prefix", out_.groups_prefix);
    for (const char* key : {"groups_from", "groups_prefix"}) {
      if (map_.has(key) && out_.groups_claim.empty())
        map_.problem(key, "needs groups_claim, the claim that names them");
    }
    map_.boolean("provision", out_.provision);
    map_.boolean("scim", out_.scim);
    if (out_.scim && (out_.provision || !out_.groups_claim.empty())) {
      map_.problem("scim",
                   "who is kept over SCIM is not made by a login, and has the groups that SCIM "
                   "says: leave out provision and groups_claim");
    }
  }

  MapReader& map_;
  const SecretSource& secrets_;
  IssuerConfig out_;
};

void read_match(MapReader& map, WorkloadConfig& out) {
  const YAML::Node node = map.node("match");
  const bool good = node.IsDefined() && node.IsMap() && node.size() > 0;
  if (good) {
    for (const auto& entry : node) {
      const auto value = entry.second.IsScalar() ? entry.second.as<std::string>("") : "";
      if (value.empty()) map.problem("match", "expected a text for each claim, such as sub: \"…\"");
      out.match[entry.first.as<std::string>("")] = value;
    }
  }
  const auto subject = out.match.find("sub");
  if (!good || subject == out.match.end() ||
      subject->second.find_first_not_of('*') == std::string::npos) {
    map.problem("match",
                "expected the claims that tell this service from all others of the issuer, "
                "sub among them: match: { sub: \"repo:acme/app:*\" }");
  }
}

WorkloadConfig read_workload(MapReader& map, const IdentityConfig& all) {
  WorkloadConfig out;
  if (map.scalar("issuer", out.issuer, true)) {
    const auto named = [&](const IssuerConfig& issuer) { return issuer.name == out.issuer; };
    if (std::none_of(all.issuers.begin(), all.issuers.end(), named))
      map.problem("issuer", "expected the name of one of identity.issuers");
  }
  read_match(map, out);
  map.scalar("user", out.user, true);
  map.one_of("kind", {"service", "agent"}, [&](size_t i) { out.agent = i == 1; });
  texts(map, "groups", out.groups);
  texts(map, "databases", out.databases);
  period(map, "session", out.session, std::chrono::minutes(1), std::chrono::hours(24),
         "from 1m to 1d");
  return out;
}

}  // namespace

std::string_view authority_of(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

bool is_loopback_http(std::string_view url) {
  if (!url.starts_with("http://")) return false;
  std::string_view authority = authority_of(url);
  for (const std::string_view host : {"127.0.0.1", "[::1]", "localhost"}) {
    if (!authority.starts_with(host)) continue;
    const std::string_view port = authority.substr(host.size());
    if (port.empty()) return true;
    return port.size() > 1 && port.size() <= 6 && port[0] == ':' &&
           port.find_first_not_of("0123456789", 1) == std::string_view::npos;
  }
  return false;
}

void read_identity(MapReader& top, const SecretSource& secrets, IdentityConfig& out) {
  top.map("identity", [&](MapReader& identity) {
    identity.parsed("session_lifetime", out.session_lifetime, parse_duration);
    identity.boolean("behind_tls", out.behind_tls);
    if (identity.has("issuers")) {
      identity.maps("issuers", "an issuer", [&](MapReader& map) {
        out.issuers.push_back(IssuerReader(map, secrets).read(out.issuers));
      });
    } else {
      (void)identity.node("issuers");  // A key that is known, if absent.
    }
    if (identity.has("workloads")) {
      identity.maps("workloads", "a workload",
                    [&](MapReader& map) { out.workloads.push_back(read_workload(map, out)); });
    } else {
      (void)identity.node("workloads");
    }
    read_certificates(identity, secrets, out.certificates);
    if (identity.has("directories")) {
      identity.maps("directories", "a directory", [&](MapReader& map) {
        out.directories.push_back(read_ldap(map, secrets, out.directories));
      });
    } else {
      (void)identity.node("directories");
    }
  });
}

}  // namespace sluice::config
