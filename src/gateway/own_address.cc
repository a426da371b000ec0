#include "gateway/own_address.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>

namespace sluice::gateway {
namespace {

/// An address as IPv6 has it, which has one for each of IPv4 too (RFC 4291, 2.5.5.2); nothing: it
/// is none of a network.
std::optional<in6_addr> as_ipv6(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  in6_addr out{};
  if (address->sa_family == AF_INET6) {
    std::memcpy(&out, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, sizeof out);
    return out;
  }
  if (address->sa_family != AF_INET) return std::nullopt;
  out.s6_addr[10] = out.s6_addr[11] = 0xff;
  std::memcpy(&out.s6_addr[12], &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
  return out;
}

bool same(const in6_addr& a, const in6_addr& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

/// Who connects to no address reaches the loopback interface.
bool is_loopback_or_none(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) return address.s6_addr[12] == 127 || address.s6_addr[12] == 0;
  return IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address);
}

bool is_of_an_interface(const in6_addr& address) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return true;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> held(all, &::freeifaddrs);
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    const auto its = as_ipv6(each->ifa_addr);
    if (its && same(*its, address)) return true;
  }
  return false;
}

/// Whether a listener that is bound to `listener` is reached at the address of an interface.
bool is_bound_to(const std::string& listener, const in6_addr& address) {
  const auto bound = net::resolve(listener, 1);
  if (!bound) return true;
  return std::any_of(bound->begin(), bound->end(), [&](const net::Address& each) {
    const auto its = as_ipv6(reinterpret_cast<const sockaddr*>(&each.storage));
    if (!its) return false;
    const bool all_ipv4 = IN6_IS_ADDR_V4MAPPED(&*its) && its->s6_addr32[3] == 0;
    return all_ipv4 || IN6_IS_ADDR_UNSPECIFIED(&*its) || same(*its, address);
  });
}

}  // namespace

bool was_added(const config::DatabaseConfig& database) {
  const auto& source = database.password_source;
  return source.kind == config::PasswordSource::Kind::kGiven && !source.name.empty();
}

bool is_literal(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  ::freeaddrinfo(found);
  return true;
}

bool leads_here(const std::vector<net::Address>& addresses, const std::string& listener) {
  return std::any_of(addresses.begin(), addresses.end(), [&](const net::Address& each) {
    const auto address = as_ipv6(reinterpret_cast<const sockaddr*>(&each.storage));
    if (!address) return false;
    return is_loopback_or_none(*address) ||
           (is_of_an_interface(*address) && is_bound_to(listener, *address));
  });
}

}  // namespace sluice::gateway
