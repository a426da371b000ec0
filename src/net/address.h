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

/// Who else may listen on the same port. (Linux would let any program of the same user.)
enum class Sharing : uint8_t {
  kNobody,
  kOthers,  ///< SO_REUSEPORT: sockets of other workers, once `check_free` has said yes
};

/// A listening TCP socket, non-blocking. Port 0 picks a free one; read it back with local_address.
Result<int> listen_tcp(const Address& address, int backlog, Sharing sharing = Sharing::kNobody);

/// Fails where any program listens on the port, with or without SO_REUSEPORT: clients would come to
/// either of the two.
Result<> check_free(const Address& address);

/// The address a socket is bound to.
Result<Address> local_address(int fd);

}  // namespace sluice::net
