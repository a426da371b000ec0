#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/ldap.h"
#include "identity/ldap.h"
#include "identity/oidc_identity.h"

namespace sluice::identity {

/// One directory of the configuration, by which people log in. Its calls wait; any thread.
class LdapDirectory {
 public:
  explicit LdapDirectory(config::LdapConfig config);

  const config::LdapConfig& config() const { return config_; }
  /// What it is called where issuers are: "ldap:corp".
  std::string issuer() const { return "ldap:" + config_.name; }

  /// Who somebody is, once the directory has taken their password. Errors: kNotFound for nobody of
  /// that name, kAuthentication for a wrong password, or an empty one, with which nothing is asked;
  /// kDenied for an entry that cannot be taken, with what to change; kUnavailable and kTimeout when
  /// the directory cannot be asked, for a while at once.
  Result<VerifiedIdentity> authenticate(const std::string& user, const SecretString& password);

  /// Whom it knows by a name, as the gateway's own account sees them; nothing for nobody. For
  /// operators who set it up: no password is shown. With an empty name only whether it can be
  /// asked.
  Result<std::optional<VerifiedIdentity>> inspect(const std::string& user);

  /// Those of `subjects` (VerifiedIdentity::subject) who are still there and active, in their
  /// order; nothing for who is not. Tries in any case. Errors: kUnavailable, kTimeout, when that
  /// cannot be said.
  Result<std::vector<std::optional<VerifiedIdentity>>> look_up(
      const std::vector<std::string>& subjects);

 private:
  Result<LdapConnection> connect();
  Result<> check_reachable();
  Result<SecretString> own_password(bool anew);
  /// As the gateway's own account, if it has one.
  Result<> bind_self(LdapConnection& connection);
  Result<LdapEntry> find(LdapConnection& connection, const std::string& user);
  Result<LdapEntry> bind_by_template(LdapConnection& connection, const std::string& user,
                                     const SecretString& password);
  Result<std::optional<VerifiedIdentity>> look_up_one(LdapConnection& connection,
                                                      const std::string& subject);
  Result<VerifiedIdentity> identity_of(LdapConnection& connection, const LdapEntry& entry);
  Result<std::vector<std::string>> groups_of(LdapConnection& connection, const LdapEntry& entry,
                                             const std::string& user);
  Result<std::vector<LdapEntry>> search_groups(LdapConnection& connection, const std::string& dn,
                                               const std::string& user);
  std::vector<std::string> attributes() const;

  const config::LdapConfig config_;
  std::mutex mutex_;  ///< guards what follows
  Clock::time_point down_until_{};
  std::string why_down_;
  SecretString own_password_;
};

/// `filter` with `value` in place of `placeholder`, as nothing but a value.
std::string fill_filter(std::string filter, std::string_view placeholder, std::string_view value);
/// Both must hold; an empty one does.
std::string both_filters(const std::string& a, const std::string& b);
/// The bytes of an identifier as a text that can be kept, and back: "0x" and hexadecimal where they
/// are no printable text.
std::string subject_of(std::string_view id);
std::string id_of_subject(std::string_view subject);
/// What a group of a directory is called here; nothing if it is none.
std::optional<std::string> local_group(const config::LdapConfig& config, const std::string& dn,
                                       const std::string& name);

}  // namespace sluice::identity
