#pragma once

#include <cstdint>

namespace sluice::control {

/// What somebody is to the API (docs/api.md). Everybody is a member; the others are given by groups
/// (`api` of the configuration), to people and services, never to agents.
enum class Role : uint8_t { kMember = 1, kApprover = 2, kAuditor = 4, kAdmin = 8 };

/// Some of them.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(Role role) : bits_(static_cast<uint8_t>(role)) {}  // NOLINT: one is some.
  constexpr Roles operator|(Roles other) const {
    Roles out;
    out.bits_ = bits_ | other.bits_;
    return out;
  }
  constexpr bool any() const { return bits_ != 0; }
  constexpr bool meet(Roles other) const { return (bits_ & other.bits_) != 0; }
  bool operator==(const Roles&) const = default;

 private:
  uint8_t bits_ = 0;
};
constexpr Roles operator|(Role a, Role b) { return Roles(a) | Roles(b); }

}  // namespace sluice::control
