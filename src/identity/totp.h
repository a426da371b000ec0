#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "identity/directory.h"
#include "store/database.h"

// One-time codes by time (RFC 6238): SHA-1, 30 seconds, 6 digits, as all authenticator apps do it.

namespace sluice::identity {

/// The code of one step (30 seconds since 1970) under a secret (raw).
std::string totp_code(std::string_view secret, int64_t step);

/// "otpauth://totp/sluice:alice?secret=…": what authenticator apps read, as text or QR code.
std::string totp_uri(std::string_view user, std::string_view secret);

/// Whether `code` is the user's now, or of the step before or behind; each is taken once.
Result<bool> take_totp(store::Database& database, const User& user, std::string_view code,
                       int64_t now_micros);

}  // namespace sluice::identity
