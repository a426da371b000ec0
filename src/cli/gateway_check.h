#pragma once

#include <string>

#include "base/result.h"
#include "cli/kept.h"

namespace sluice::cli {

/// By whom a client that shows a certificate of its own knows the gateway: of the authorities in
/// the file that SLUICE_CA names and those of this system, the file (PEM, absolute; for libpq's
/// sslrootcert) by which the certificate at the gateway's PostgreSQL port verifies, for the host in
/// `kept`. "system" where these are in no file that is known. Connects. Errors: kUnavailable where
/// nobody answers; kDenied, and what to do, where none of them vouches for who does.
Result<std::string> authority_of_gateway(const Kept& kept);

/// A file with the system's authorities, or "system", which libpq knows from version 16 on; older
/// ones refuse it.
std::string system_authorities();

}  // namespace sluice::cli
