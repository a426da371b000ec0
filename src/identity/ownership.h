#pragma once

#include <cstdint>
#include <string_view>

// Whose business a user is. Internal to the room but for what `User::made_by` may be.

namespace sluice::identity {

/// `users.made_by` of those whom an identity provider keeps over SCIM; others stand in
/// federation.cc.
inline constexpr std::string_view kMadeByScim = "scim";

/// Bits of `users.disabled`: an operator's word, the identity provider's and the end of a user's
/// time are apart, so that none takes back the other's.
inline constexpr int64_t kDisabledByOperator = 1;
inline constexpr int64_t kDisabledByScim = 2;
inline constexpr int64_t kDisabledByTime = 4;

}  // namespace sluice::identity
