#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice {

// How somebody has proved who they are. Whatever says so names one of these: policies, records and
// credentials know no other.
inline constexpr std::string_view kByScram = "scram-sha-256";
inline constexpr std::string_view kByScramPlus = "scram-sha-256-plus";
inline constexpr std::string_view kByCertificate = "certificate";
// How the holder of a credential got it.
inline constexpr std::string_view kByPassword = "password";
inline constexpr std::string_view kByTotp = "totp";
inline constexpr std::string_view kByLdap = "ldap";
inline constexpr std::string_view kByOidc = "oidc";
inline constexpr std::string_view kByJwt = "jwt";
inline constexpr std::string_view kByToken = "token";

inline constexpr std::array kAuthenticationMethods = {kByScram,    kByScramPlus, kByCertificate,
                                                      kByPassword, kByTotp,      kByLdap,
                                                      kByOidc,     kByJwt,       kByToken};

/// Whether it is one of them.
inline bool is_authentication_method(std::string_view word) {
  return std::find(kAuthenticationMethods.begin(), kAuthenticationMethods.end(), word) !=
         kAuthenticationMethods.end();
}

}  // namespace sluice
