#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::policy {

/// An address as 16 bytes; IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2).
using AddressBytes = std::array<unsigned char, 16>;

/// Reads "10.0.0.1", "2001:db8::1", "10.0.0.1:5432" or "[2001:db8::1]:5432".
std::optional<AddressBytes> parse_address(std::string_view text);

/// A network: "10.0.0.0/8", "2001:db8::/32", or one address.
struct Network {
  AddressBytes address{};
  unsigned bits = 128;
  std::string text;
  bool contains(const AddressBytes& other) const;
  bool covers(const Network& other) const { return bits <= other.bits && contains(other.address); }
};

/// Errors: kInvalidInput; also where bits behind the prefix are set ("10.1.0.0/8").
Result<Network> parse_network(std::string_view text);

}  // namespace sluice::policy
