#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "identity/directory.h"
#include "identity/oidc_identity.h"
#include "store/database.h"

namespace sluice::identity {

/// What a verified token of a service or agent stands for.
struct VerifiedWorkload {
  std::string issuer, subject;
  std::string user;  ///< as the configuration says
  UserKind kind = UserKind::kService;
  std::vector<std::string> groups;
};

/// Which users are whom at which issuer. A user belongs to those (issuer, subject) that it was made
/// for or linked with, and to nobody else of the same name; each change is one transaction with the
/// word it leaves for the audit log.
class FederatedUsers {
 public:
  explicit FederatedUsers(store::Database& database) : database_(database) {}

  /// The user whom somebody is here, with the groups that the issuer says now. At a first login:
  /// made with `provision`, else matched with a person of that name who belongs to nobody yet. With
  /// `by_scim` only who is kept over SCIM and active is let in, matched by name (in any case) at a
  /// first login, and groups are those that SCIM says. Errors: kDenied, with what an operator can
  /// do.
  Result<std::string> admit(const VerifiedIdentity& identity, bool provision, bool by_scim = false);
  /// The same for a service or agent, which the configuration names and which is made where it is
  /// not there yet.
  Result<std::string> admit(const VerifiedWorkload& workload);
  /// Makes a user be (issuer, subject) from now on. With `first_only` not one for whom an identity
  /// provider or directory vouches already: kDenied. Errors: kNotFound, kExists.
  Result<> link(const std::string& user, const std::string& issuer, const std::string& subject,
                const std::string& actor, bool first_only = false);
  /// Who (issuer, subject) is here; kNotFound for nobody.
  Result<std::string> find(const std::string& issuer, const std::string& subject);
  /// Users who are somebody of `issuer` and have credentials that live, or for whom somebody acts
  /// by one, with their subjects there.
  Result<std::vector<std::pair<std::string, std::string>>> holders(const std::string& issuer);

 private:
  struct Row {
    std::string name;
    std::vector<std::string> groups;
    UserKind kind = UserKind::kHuman;
    int64_t disabled = 0;  ///< who says so (ownership.h); 0: nobody
    bool bound = false;    ///< somebody at an issuer is this user
    std::string made_by;
  };
  Result<std::optional<Row>> bound_to(const std::string& issuer, const std::string& subject);
  Result<std::optional<Row>> named(const std::string& name);
  Result<std::optional<Row>> kept_by_scim(const std::string& name);
  Result<> match_provisioned(const VerifiedIdentity& identity, std::optional<Row>& row);
  Result<> make(const Row& row, const std::string& actor);
  Result<> bind(const std::string& user, const std::string& issuer, const std::string& subject,
                const std::string& actor);
  Result<> keep_groups(const Row& row, const std::vector<std::string>& groups,
                       const std::string& actor);
  store::Database& database_;
};

}  // namespace sluice::identity
