#pragma once

#include <cstddef>
#include <string_view>

/// Addresses and identifiers of machines. Each returns how many bytes at the beginning of `text`
/// are one, 0 for none; what follows is left to the caller.
namespace sluice::privacy {

/// Four numbers up to 255, perhaps with "/24" behind.
size_t ipv4_at(std::string_view text);

/// RFC 4291 in any of its forms, with at least two groups or "::" and some group.
size_t ipv6_at(std::string_view text);

/// Six pairs with ':' or '-' between, or Cisco's three groups of four with '.'.
size_t mac_at(std::string_view text);

/// RFC 9562, with hyphens.
size_t uuid_at(std::string_view text);

}  // namespace sluice::privacy
