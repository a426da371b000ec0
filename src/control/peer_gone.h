#pragma once

#include <poll.h>

namespace sluice::control {

/// Whether whoever is at the other end of a connected socket sends no more: it has closed, or has
/// shut down its half, or cannot be reached. What it sent before may wait to be read. Never blocks.
inline bool peer_gone(int socket) {
  pollfd asked{socket, POLLRDHUP, 0};
  return poll(&asked, 1, 0) > 0 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace sluice::control
