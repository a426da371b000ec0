#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "config/identity.h"
#include "identity/credential.h"
#include "identity/federation.h"
#include "identity/oidc_login.h"

namespace sluice::identity {

/// What a token of an issuer was exchanged for (RFC 8693).
struct Exchanged {
  std::string user;
  std::vector<std::string> actors;  ///< as in Credential; empty: it acts for itself
  std::vector<std::string> databases;
  Duration session = Duration::zero();
  Assurance assurance;
};

/// Exchanges tokens of services and agents by the rules of `identity.workloads`. An agent that acts
/// for a person shows the person's token with its own as actor_token, or one with an `act` claim.
class TokenExchange {
 public:
  /// `mutex` guards what `users` works on; it is not held while issuers are asked.
  TokenExchange(OidcLogins& logins, const std::vector<config::WorkloadConfig>& rules,
                FederatedUsers users, std::mutex& mutex)
      : logins_(logins), rules_(rules), users_(users), mutex_(mutex) {}

  /// `form` is the request's parameters. Errors: kInvalidInput for what is no exchange,
  /// kAuthentication for tokens that are not good, kDenied for those that no rule is for.
  Result<Exchanged> exchange(const std::map<std::string, std::string>& form);
  /// One token by itself: of a service or agent as above, or of a person, who then is whom a login
  /// by this issuer would make them. Good for no longer than the token.
  Result<Exchanged> bearer(const std::string& token);

 private:
  struct Party {
    std::string issuer;  ///< its identifier
    Claims claims;
  };
  Result<Party> verified(const std::map<std::string, std::string>& form, const std::string& name);
  const config::WorkloadConfig* rule_for(const std::string& issuer,
                                         const boost::json::object& claims) const;
  Result<std::string> admit(const Party& party, const config::WorkloadConfig& rule);
  Result<Exchanged> for_person(const Party& subject, const std::string& token);
  Result<Exchanged> for_itself(const Party& subject);
  Result<Exchanged> for_another(const Party& subject, const Party& actor,
                                const std::vector<std::string>& before);

  OidcLogins& logins_;
  const std::vector<config::WorkloadConfig>& rules_;
  FederatedUsers users_;
  std::mutex& mutex_;
};

/// Those who act by an `act` claim, the outermost first, each as an object of its claims without
/// those before it. Errors: kAuthentication for what is no such chain.
Result<std::vector<boost::json::object>> actor_chain(const boost::json::object& claims);

}  // namespace sluice::identity
