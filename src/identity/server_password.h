#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "config/password_source.h"

namespace sluice::identity {

/// Asks where a server login's password comes from. May take as long as the source's time-out; the
/// error says what is wrong and holds nothing of what the source has said.
Result<SecretString> read_server_password(const config::PasswordSource& source);

}  // namespace sluice::identity
