#include "control/caller.h"

#include <algorithm>

#include "base/base64.h"
#include "base/clock.h"
#include "identity/password.h"

namespace sluice::control {
namespace {

tl::unexpected<Error> refused() {
  return fail(ErrorCode::kAuthentication,
              "the user, the password or the credential is not right, or no longer good: sluice "
              "login gives a new one");
}

Result<Caller> by_password(std::string_view encoded, const identity::Directory& directory) {
  const auto pair = from_base64(encoded);
  if (!pair) return refused();
  const SecretString kept(*pair);
  const size_t colon = pair->find(':');
  if (colon == std::string::npos) return refused();
  const std::string name = pair->substr(0, colon);
  const identity::User* user = directory.find(name);
  const bool there = user != nullptr && !user->disabled;
  // As much work for users who are not there.
  const bool right = identity::is_password_of(there ? user : nullptr, name, "nobody",
                                              SecretString(pair->substr(colon + 1)));
  if (!there || !right) return refused();
  return Caller{user->name, "password"};
}

Result<Caller> by_credential(std::string_view secret, const identity::Directory& directory,
                             std::string_view scope) {
  const identity::Credential* shown = directory.credential_of_secret(secret);
  if (shown == nullptr || !shown->live(wall_micros())) return refused();
  const identity::User* user = directory.find(shown->user);
  if (user == nullptr || user->disabled) return refused();
  if (shown->kind == identity::CredentialKind::kToken &&
      std::find(shown->scopes.begin(), shown->scopes.end(), scope) == shown->scopes.end()) {
    return fail(ErrorCode::kDenied,
                "this token lacks the scope \"" + std::string(scope) + "\": make one that has it");
  }
  return Caller{user->name, shown->assurance.method};
}

}  // namespace

Result<Caller> who_asks(const HttpRequest& request, const identity::Directory& directory,
                        std::string_view scope) {
  const std::string_view header = request.authorization;
  const size_t space = header.find(' ');
  std::string scheme(header.substr(0, space));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (space != std::string_view::npos) {
    if (scheme == "basic") return by_password(header.substr(space + 1), directory);
    if (scheme == "bearer") return by_credential(header.substr(space + 1), directory, scope);
  }
  return fail(ErrorCode::kAuthentication,
              "say who you are: Authorization: Basic with user and password, or Bearer with a "
              "credential");
}

}  // namespace sluice::control
