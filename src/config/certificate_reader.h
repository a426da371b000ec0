#pragma once

#include "config/identity.h"
#include "config/secrets.h"
#include "yaml/reader.h"

namespace sluice::config {

/// Reads `identity.certificates`.
void read_certificates(yaml::MapReader& identity, const SecretSource& secrets,
                       std::vector<CertificateConfig>& out);

}  // namespace sluice::config
