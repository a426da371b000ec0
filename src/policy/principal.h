#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

enum class PrincipalKind : uint8_t { kHuman, kService, kAgent };

/// "human", "service", "agent".
std::string_view name_of(PrincipalKind kind);

/// What `who` of rules asks of somebody.
struct Identity {
  std::string user;
  std::vector<std::string> groups;
  PrincipalKind kind = PrincipalKind::kHuman;
  std::map<std::string, std::string> attributes;
  bool behind_service = false;  ///< an end user, for whom a service acts
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// Who a verified connection is, as far as rules may ask. Of one that acts for others, `groups` are
/// those that everybody of its `chain` is in.
struct Principal : Identity {
  /// "scram-sha-256", "scram-sha-256-plus"; or how the holder of a credential proved who they are:
  /// "password", "totp", "ldap", "oidc", "jwt", "certificate".
  std::string authentication;
  std::string issuer;            ///< who vouches for it; empty: this installation
  std::string acr;               ///< authentication context class, as the issuer calls it
  std::vector<std::string> amr;  ///< authentication methods references (RFC 8176)
  std::map<std::string, std::string> claims;  ///< of the issuer's token, those that are kept
  int64_t authenticated_micros = 0;           ///< when they proved who they are
  /// From the one who connects to the person for whom it acts; empty: for itself.
  std::vector<std::string> actors;
  std::string credential;  ///< id of what it showed; empty: the password
  std::string end_user;    ///< for whom a service acts, as it has proved; empty: for itself
  /// Everybody in whose name it acts, itself first, each with groups of their own; null: itself
  /// alone. Rules are asked for each of them (chain.h).
  std::shared_ptr<const std::vector<Identity>> chain;
  /// Of somebody for whom another acts, while rules are asked for them: who connects.
  std::shared_ptr<const Identity> through;
  /// In force here, its own and those of its `actors`: "12 writer". No rule asks for them.
  std::vector<std::string> grants;
};

/// Where a statement is going.
struct Target {
  std::string database;     ///< the name clients use
  std::string environment;  ///< "production", "staging", …
};

}  // namespace sluice::policy
