#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "tlog/note.h"

namespace sluice::tlog {

/// Whether it names a key in a token: "pkcs11:…" (RFC 7512).
inline bool is_pkcs11(std::string_view key) { return key.starts_with("pkcs11:"); }

/// What is wrong with such a name; empty: nothing. Asks no token.
std::string check_pkcs11(std::string_view uri);

/// An Ed25519 key in a token that speaks PKCS #11, which it never leaves:
///
///   pkcs11:token=sluice;object=log-key?module-path=/usr/lib/….so&pin-source=file:/etc/sluice/pin
///
/// An error: no such token, key or PIN, or a key that does not sign with Ed25519. Thread-safe.
Result<std::unique_ptr<Signer>> open_pkcs11_key(std::string_view uri);

}  // namespace sluice::tlog
