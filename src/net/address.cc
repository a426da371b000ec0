#include "net/address.h"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/socket.h"

namespace sluice::net {

namespace {

std::string unix_path(const Address& address) {
  const auto* const name = reinterpret_cast<const sockaddr_un*>(&address.storage);
  const size_t start = offsetof(sockaddr_un, sun_path);
  if (address.length <= start) return "(unnamed)";
  const size_t limit = address.length - start;
  if (name->sun_path[0] == '\0') return "@" + std::string(name->sun_path + 1, limit - 1);
  return std::string(name->sun_path, ::strnlen(name->sun_path, limit));
}

Result<std::vector<Address>> resolve_unix(const std::string& folder, uint16_t port) {
  const std::string path = fmt::format("{}/.s.PGSQL.{}", folder, port);
  Address address;
  auto* const name = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.size() >= sizeof name->sun_path || path.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidInput, "not a usable socket path: " + path);
  }
  name->sun_family = AF_UNIX;
  std::memcpy(name->sun_path, path.c_str(), path.size() + 1);
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return std::vector<Address>{address};
}

}  // namespace

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  switch (storage.ss_family) {
    case AF_INET:
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr, text,
                  sizeof text);
      return text;
    case AF_INET6:
      ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr, text,
                  sizeof text);
      return text;
    case AF_UNIX:
      return unix_path(*this);
    default:
      return "(unknown)";
  }
}

uint16_t Address::port() const {
  switch (storage.ss_family) {
    case AF_INET:
      return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
    case AF_INET6:
      return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
    default:
      return 0;
  }
}

std::string Address::to_string() const {
  switch (storage.ss_family) {
    case AF_INET:
      return fmt::format("{}:{}", host(), port());
    case AF_INET6:
      return fmt::format("[{}]:{}", host(), port());
    default:
      return host();
  }
}

Result<std::vector<Address>> resolve(const std::string& host, uint16_t port) {
  if (host.empty()) return fail(ErrorCode::kInvalidInput, "host name is empty");
  if (host.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidInput, "host name holds a zero byte");
  }
  if (host.front() == '/') return resolve_unix(host, port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (status != 0) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot resolve \"{}\": {}", host, ::gai_strerror(status)));
  }
  std::vector<Address> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  if (addresses.empty()) {
    return fail(ErrorCode::kUnavailable, fmt::format("\"{}\" has no address", host));
  }
  return addresses;
}

Result<int> listen_tcp(const Address& address, int backlog, Sharing sharing) {
  SLUICE_ASSIGN(UniqueFd fd, open_socket(address));
  const int one = 1;
  const int shared = sharing == Sharing::kOthers ? 1 : 0;
  const std::string where = "listen on " + address.to_string();
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared) != 0) {
    return fail(io_error(where, errno));
  }
  if (address.storage.ss_family == AF_INET6) {
    // One address, one socket: what IPv4 may do is said by an IPv4 address.
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  }
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 ||
      ::listen(fd.get(), backlog) != 0) {
    return fail(io_error(where, errno));
  }
  return fd.release();
}

Result<> check_free(const Address& address) {
  if (address.port() == 0) return {};
  SLUICE_ASSIGN(const int fd, listen_tcp(address, 1));
  const UniqueFd probe(fd);
  return {};
}

Result<Address> local_address(int fd) {
  Address address;
  address.length = sizeof address.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length) != 0) {
    return fail(io_error("getsockname", errno));
  }
  return address;
}

}  // namespace sluice::net
