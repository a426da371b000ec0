#pragma once

#include "base/result.h"
#include "net/address.h"

namespace sluice::net {

/// A file descriptor that closes with its owner.
class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);

 private:
  int fd_;
};

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
