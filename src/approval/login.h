#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/credential.h"
#include "policy/principal.h"

namespace sluice::approval {

/// How who asks had come in, kept with the request: those who decide may look at it from another
/// gateway, whose log has nothing of that session.
struct Login {
  std::string authentication;  ///< how they had proved who they are
  std::string issuer;          ///< who vouches for them; empty: this installation
  std::string acr;
  std::vector<std::string> amr;
  std::vector<std::string> groups;
  std::vector<std::string> actors;  ///< from who connects to the person for whom it acts, last
  std::string end_user;             ///< for whom a service acts
  std::string client;               ///< address
  std::string application;

  static Login of(const policy::Principal& principal);
  static Login of(const identity::Credential& credential);

  bool operator==(const Login&) const = default;
};

/// As JSON, of what is known: {"authentication": "oidc", "issuer": "corp", "amr": ["pwd", "otp"]}.
std::string to_text(const Login& login);
/// What `to_text` wrote.
Result<Login> login_of(std::string_view text);

}  // namespace sluice::approval
