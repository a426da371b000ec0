#pragma once

#include <string>
#include <vector>

#include "config/identity.h"
#include "identity/credential.h"
#include "identity/jwt.h"

namespace sluice::identity {

/// Somebody whom an issuer vouches for.
struct VerifiedIdentity {
  std::string issuer;       ///< its identifier
  std::string subject;      ///< who they are there, for good
  std::string user;         ///< what they are called here, if this is their first login
  bool keep_groups = true;  ///< groups are not the issuer's business
  std::vector<std::string> groups;
  Assurance assurance;
};

/// What verified claims of an ID token, and of userinfo where that is configured, make of somebody.
/// Pure. Errors: kAuthentication for claims that cannot be taken, with what to change.
Result<VerifiedIdentity> identity_of(const Claims& claims, const boost::json::object* userinfo,
                                     const config::IssuerConfig& config, int64_t now_micros);

/// Whether `text` is of a pattern in which * is any text.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace sluice::identity
