#pragma once

#include <vector>

#include "config/ldap.h"
#include "config/secrets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads one entry of `identity.directories`; what is wrong becomes a problem with its place.
LdapConfig read_ldap(yaml::MapReader& map, const SecretSource& secrets,
                     const std::vector<LdapConfig>& others);

}  // namespace sluice::config
