#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "config/ldap.h"
#include "config/streams.h"

namespace sluice::config {

/// One entry of `identity.issuers`: who vouches for people or services (docs/identity.md).
struct IssuerConfig {
  std::string name;
  std::string issuer;          ///< its identifier, exactly; discovery begins there
  std::string jwks_url;        ///< where its keys are; empty: as its discovery document says
  std::string client_id;       ///< of this gateway at the issuer; empty: people cannot log in by it
  SecretString client_secret;  ///< empty: a public client
  std::vector<std::string>
      audiences;  ///< whom services' tokens must be for; client_id if not given
  std::vector<std::string> scopes = {"openid", "profile", "email"};
  std::vector<std::string> algorithms = {"RS256", "PS256", "ES256"};
  std::string acr_values;            ///< asked for at each login
  std::string user_claim = "email";  ///< what people are called here at their first login
  std::vector<std::string> domains;  ///< behind the @ of their names; empty: any
  bool strip_domain = false;         ///< call them by what stands before it
  std::vector<std::string> claims;   ///< kept for rules to ask about: of the device, say
  std::string groups_claim;          ///< empty: groups are this installation's business
  bool groups_from_userinfo = false;
  std::string groups_prefix;
  bool provision = false;  ///< make users at their first login
  bool scim = false;       ///< let in only who is kept over SCIM and active
  bool device = false;     ///< let terminals without a browser log in (RFC 8628)
  std::string redirect = "http://127.0.0.1/callback";  ///< without a port: any
  Duration session = std::chrono::hours(8);            ///< life of what people get
  Duration clock_skew = std::chrono::seconds(60);
  Duration timeout = std::chrono::seconds(5);  ///< of one request to the issuer
  StreamTls tls;
  bool allow_http = false;  ///< for tests, on loopback
};

/// One entry of `identity.workloads`: which tokens of an issuer stand for which service or agent.
struct WorkloadConfig {
  std::string issuer;                        ///< IssuerConfig::name
  std::map<std::string, std::string> match;  ///< claim: value, where * is any text
  std::string user;
  bool agent = false;  ///< else a service
  std::vector<std::string> groups;
  std::vector<std::string> databases;  ///< where its credentials are good; empty: everywhere
  Duration session = std::chrono::hours(1);
};

/// One entry of `identity.certificates`: whose client certificates of an authority let in whom.
struct CertificateConfig {
  std::string name;
  std::string ca;                            ///< PEM file of the authorities
  std::string crl;                           ///< PEM file of their revocation lists; empty: none
  std::map<std::string, std::string> match;  ///< uri, dns, email, common_name: * is any text
  std::string user;
  std::vector<std::string> databases;  ///< where they are good; empty: everywhere
};

struct IdentityConfig {
  /// Of credentials from `sluice login` with a password.
  Duration session_lifetime = std::chrono::hours(12);
  /// Whether logins may come over HTTP from other machines than this: a proxy adds the TLS.
  bool behind_tls = false;
  std::vector<IssuerConfig> issuers;
  std::vector<WorkloadConfig> workloads;
  std::vector<CertificateConfig> certificates;
  std::vector<LdapConfig> directories;
};

/// What stands between the scheme and the path: "127.0.0.1:8080".
std::string_view authority_of(std::string_view url);
/// Whether a url is http:// to this machine itself, by address or as localhost.
bool is_loopback_http(std::string_view url);

}  // namespace sluice::config
