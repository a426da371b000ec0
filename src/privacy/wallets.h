#pragma once

#include <string_view>

/// Addresses of crypto currencies, by their own checks.
namespace sluice::privacy {

/// Base58 with the double SHA-256 check that Bitcoin, Litecoin, Dogecoin, Tron, Ripple's cousins
/// and exported private keys (WIF) have. `version` receives the first byte.
bool base58check(std::string_view text, unsigned char* version);

/// BIP 173 and BIP 350: "bc1…", "ltc1…", "addr1…", "cosmos1…".
bool bech32(std::string_view text);

/// "0x" and forty hexadecimal digits, as Ethereum and its kin have them.
bool ethereum_address(std::string_view text);

/// Any of these, WIF excepted.
bool is_wallet(std::string_view text);

}  // namespace sluice::privacy
