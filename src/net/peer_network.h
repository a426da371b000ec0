#pragma once

#include <string>

namespace sluice::net {

/// Of whom an address speaks where peers are counted: IPv6 by its /64, which one host has to itself
/// (RFC 6177); IPv4, mapped into IPv6 or not, by the address. What is no address is itself.
std::string network_of(const std::string& address);

}  // namespace sluice::net
