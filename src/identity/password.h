#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "identity/directory.h"

namespace sluice::identity {

/// Whether it is the user's password: as much work as a login by SCRAM-SHA-256, in a time that does
/// not tell how much of it was right.
bool is_password_of(const User& user, const SecretString& password);

/// The same for a login: `user` null, since nobody is of that `name`, takes as long to be found
/// out. `secret` is the installation's.
bool is_password_of(const User* user, std::string_view name, std::string_view secret,
                    const SecretString& password);

}  // namespace sluice::identity
