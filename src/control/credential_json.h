#pragma once

#include <boost/json.hpp>

#include "identity/credential.h"

namespace sluice::control {

/// A credential as the API tells of it (Credential in the description); nothing that lets in.
boost::json::object credential_json(const identity::Credential& credential);

}  // namespace sluice::control
