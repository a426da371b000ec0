#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/address.h"

namespace sluice::net {

/// A non-blocking stream socket of the address's family, with the options of `tune_socket`.
Result<UniqueFd> open_socket(const Address& address);

/// TCP_NODELAY and keep-alive on a TCP socket; nothing on others. A listener hands them on to
/// what it accepts. Failures do not matter: the connection works without.
void tune_socket(int fd, const Address& address);

/// The address of the other end; empty when the socket is not connected any more.
Address peer_address(int fd);

/// Takes the pending error of a socket (SO_ERROR); 0 when there is none.
int take_socket_error(int fd);

/// Whether accept failed for want of a resource, so that trying again at once only burns time.
bool is_exhaustion(int error);

}  // namespace sluice::net
