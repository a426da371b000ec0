#pragma once

#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "wire/postgres/scram.h"

// What both sides of SCRAM are made of. Internal to this room.

namespace sluice::wire::postgres::scram {

/// Longest SCRAM message taken from a peer; real ones have about 200 bytes.
inline constexpr size_t kMaxMessage = 4096;
/// Random bytes in a nonce, before base64 (PostgreSQL's SCRAM_RAW_NONCE_LEN).
inline constexpr size_t kNonceBytes = 18;

tl::unexpected<Error> malformed(std::string_view what);

/// What stands in a message in base64.
Result<std::string> decoded(std::string_view base64);

Bytes view(const ScramKey& key);
/// HMAC-SHA-256 (RFC 2104).
ScramKey hmac(Bytes key, Bytes data);
ScramKey hash(const ScramKey& key);
ScramKey exclusive_or(const ScramKey& a, const ScramKey& b);

/// SASLprep (RFC 4013) as PostgreSQL's pg_saslprep: a password that it does not allow (not UTF-8,
/// characters prohibited or unknown to Unicode 3.2, nothing left) is used as it is.
SecretString prepare_password(std::string_view password);

/// ClientKey and ServerKey (RFC 5802, 3); costs `iterations` times HMAC.
ScramKeys derive_keys(std::string_view password, std::string salt, int iterations);

/// Takes "<name>=<value>" and the comma behind it off the front of `rest`.
Result<std::string_view> attribute(std::string_view& rest, char name);

/// The "printable" of RFC 5802, 7: visible ASCII without the comma; not empty.
bool printable(std::string_view text);

/// A decimal number without sign; an error if it does not fit an int.
Result<int> number(std::string_view text);

}  // namespace sluice::wire::postgres::scram
