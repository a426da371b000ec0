#pragma once

#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>

#include "base/result.h"

namespace sluice::net {

/// A socket address: IPv4, IPv6 or a Unix-domain path.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  /// "127.0.0.1:5432", "[::1]:5432", "/run/x.sock".
  std::string to_string() const;
  /// The same without the port.
  std::string host() const;
  uint16_t port() const;
};

/// Resolves `host` (name, literal address, or an absolute path of a folder holding PostgreSQL's
/// `.s.PGSQL.<port>` socket). Blocking: never call it on a worker.
Result<std::vector<Address>> resolve(const std::string& host, uint16_t port);

/// A listening TCP socket, non-blocking, with SO_REUSEPORT so that every worker can have its own.
/// Port 0 picks a free one; read it back with local_address.
Result<int> listen_tcp(const Address& address, int backlog);

/// The address a socket is bound to.
Result<Address> local_address(int fd);

}  // namespace sluice::net
