#include "net/peer_network.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace sluice::net {

std::string network_of(const std::string& address) {
  in6_addr v6{};
  // A zone names an interface of this machine (RFC 4007).
  if (inet_pton(AF_INET6, address.substr(0, address.find('%')).c_str(), &v6) != 1) return address;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    inet_ntop(AF_INET, &v6.s6_addr[12], text.data(), text.size());
  } else {
    std::fill(std::begin(v6.s6_addr) + 8, std::end(v6.s6_addr), 0);
    inet_ntop(AF_INET6, &v6, text.data(), text.size());
  }
  return text.data();
}

}  // namespace sluice::net
