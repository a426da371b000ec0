#pragma once

#include "base/secret.h"
#include "config/password_source.h"
#include "config/secrets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `password_file`, `password_env`, `password_command` or `password_vault` of a database, of
/// which one at most may be given; what is wrong becomes a problem. A file or variable is looked at
/// right away, if secrets are to be resolved.
void read_password_source(yaml::MapReader& database, const SecretSource& secrets,
                          PasswordSource& out, SecretString& password);

}  // namespace sluice::config
