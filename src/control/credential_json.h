#pragma once

#include <cstdint>

#include <boost/json.hpp>

#include "identity/credential.h"
#include "identity/scim_tokens.h"

namespace sluice::control {

/// A credential as the API tells of it (Credential in the description); nothing that lets in.
boost::json::object credential_json(const identity::Credential& credential);

/// A token for SCIM as the API tells of it (ScimToken); nothing that lets in.
boost::json::object scim_token_json(const identity::ScimToken& token, int64_t now_micros);

}  // namespace sluice::control
