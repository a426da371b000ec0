#pragma once

#include <string_view>

#include "base/secret.h"

namespace sluice::identity {

/// The secret of a credential (make_credential_secret) that comes from `key`, which nobody can
/// guess: the same each time.
SecretString derived_credential_secret(std::string_view key);

}  // namespace sluice::identity
