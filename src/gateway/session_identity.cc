// Session: who its client is, also when that changes while it goes on.
#include "gateway/identified.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"

namespace sluice::gateway {

audit::SessionContext Session::context() const {
  const auto& config = admission_.database->config();
  const policy::Principal& principal = admission_.principal;
  std::vector<std::string> attributes;
  for (const auto& [key, value] : principal.attributes) attributes.push_back(key + "=" + value);
  return {id_,
          admission_.user,
          config.name,
          config.environment,
          to_printable_utf8(admission_.application_name),
          client_->peer().to_string(),
          principal.authentication,
          principal.groups,
          std::string(policy::name_of(principal.kind)),
          std::move(attributes),
          admission_.driver,
          principal.issuer,
          principal.actors,
          principal.acr,
          principal.amr,
          principal.credential,
          admission_.role,
          principal.end_user};
}

void Session::credential_expired() {
  fatal("28000", "the credential that opened this session has expired",
        "Get a new one with sluice login, and connect again.");
}

void Session::identity_changed(const identity::Directory& before, const identity::Directory& now) {
  if (finished_) return;
  if (!now.why_lost().empty()) {
    terminate("57P03", now.why_lost());
    return;
  }
  const policy::Principal& known = admission_.principal;
  const identity::User* user = now.find(known.user);
  if (user == nullptr || user->disabled) {
    terminate("57P01", "this user may no longer connect");
    return;
  }
  const identity::Credential* credential = nullptr;
  if (!known.credential.empty()) {
    credential = now.credential(known.credential);
    const auto why = credential == nullptr
                         ? NotWelcome{"the credential that opened this session is gone", true}
                         : not_welcome(now, *user, credential, admission_.database->config().name,
                                       wall_micros());
    if (why) {
      terminate("28000", why->why,
                why->renew ? "Get a new credential with sluice login, and connect again." : "");
      return;
    }
  }
  if (same_identity(before, now, known)) return;
  const auto& config = admission_.database->config().identity;
  const auto role = role_at_server(
      config,
      principal_of(now, *user, credential, known.authentication, known.authenticated_micros));
  if (!role || *role != admission_.role) {
    terminate("57P01", role ? "your role at the database has changed" : role.error().text,
              role ? "Connect again." : "Ask an operator for a role in this database.");
    return;
  }
  become(now, *user, credential);
}

}  // namespace sluice::gateway
