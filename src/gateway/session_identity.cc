// Session: who its client is, also when that changes while it goes on.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/identified.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"

namespace sluice::gateway {
namespace {

using Texts = std::vector<std::string>;

/// Of `some`, what is not in `others`.
Texts lacking(const Texts& some, const Texts& others) {
  Texts out;
  for (const auto& each : some) {
    if (std::find(others.begin(), others.end(), each) == others.end()) out.push_back(each);
  }
  return out;
}

/// A NoticeResponse for each grant.
std::string notices(const Texts& grants, std::string_view what) {
  std::string out;
  for (const std::string& grant : grants) {
    wire::postgres::ErrorFields fields;
    fields.set_severity("NOTICE");
    fields.set(wire::postgres::kFieldSqlstate, "00000");
    fields.set(wire::postgres::kFieldMessage, fmt::format("grant {} {}", grant, what));
    wire::postgres::encode_notice_response(out, fields);
  }
  return out;
}

}  // namespace

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
          admission_.shown_address(client_->peer()),
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
          principal.end_user,
          principal.grants,
          acting_.said_now.run,
          acting_.said_now.prompt,
          acting_.said_now.call,
          acting_.tainted,
          principal.authenticated_micros};
}

void Session::end_expired(int64_t now_micros) {
  if (finished_) return;
  if (admission_.credential_expires <= now_micros) {
    fatal("28000", "the credential that opened this session has expired",
          "Get a new one with sluice login, and connect again.");
    return;
  }
  if (admission_.grants_until > now_micros) return;
  const auto directory = worker_.runtime()->directory;
  const identity::User* user = directory->find(admission_.user);
  const auto& id = admission_.principal.credential;
  const identity::Credential* credential = id.empty() ? nullptr : directory->credential(id);
  // Who is gone ends otherwise.
  if (user == nullptr || (!id.empty() && credential == nullptr)) return;
  take_over(*directory, *user, credential);
}

void Session::identity_changed(const identity::Directory& before, const identity::Directory& now) {
  if (finished_) return;
  if (!now.why_lost().empty()) {
    terminate("57P03", now.why_lost());
    return;
  }
  const policy::Principal& known = admission_.principal;
  const identity::User* user = now.find(known.user);
  const identity::User* then = before.find(known.user);
  const bool other =
      user != nullptr && then != nullptr && then->created_micros != user->created_micros;
  if (user == nullptr || user->disabled || other) {
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
  if (same_identity(before, now, known, admission_.database->config().name)) return;
  take_over(now, *user, credential);
}

/// Whoever they are by now, they are from the next statement on; or the session ends.
void Session::take_over(const identity::Directory& now, const identity::User& user,
                        const identity::Credential* credential) {
  const auto& config = admission_.database->config();
  const policy::Principal& known = admission_.principal;
  const Place place{config.name, wall_micros()};
  const auto principal =
      principal_of(now, user, credential, known.authentication, known.authenticated_micros, place);
  const auto gone = lacking(admission_.grants, principal.grants);
  const auto come = lacking(principal.grants, admission_.grants);
  // No statement runs or waits, no transaction is open, and nothing has come in that will run.
  const bool quiet = greeted_ && at_rest() && transaction_ahead_ == 'I' && pending_.empty() &&
                     !deferred_ && !held_;
  if (!gone.empty() && !quiet) {
    // Still with the context of what it did: nothing that began under a grant outlives it.
    terminate(
        "28000",
        fmt::format("grant {} is over, and with it what was under way", fmt::join(gone, ", ")),
        "What was not committed is rolled back. Connect again; to have it anew: sluice "
        "request.");
    return;
  }
  const auto role = role_at_server(config.identity, principal);
  if (!role || *role != admission_.role) {
    terminate("57P01", role ? "your role at the database has changed" : role.error().text,
              role ? "Connect again." : "Ask an operator for a role in this database.");
    return;
  }
  admission_.grants = principal.grants;
  admission_.grants_until = next_end(now, principal, place);
  become(now, user, credential);
  // Only between statements: it is no part of any answer.
  if ((gone.empty() && come.empty()) || !quiet) return;
  send_to_client(Bytes(notices(gone, "is over") + notices(come, "is in force here from now on")));
}

}  // namespace sluice::gateway
