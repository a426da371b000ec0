#pragma once

#include <memory>

#include "net/reactor.h"
#include "net/socket.h"

namespace sluice::net {

class EventLoop;

/// A listening socket of an event loop.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(EventLoop& loop, int fd, Reactor::AcceptHandler on_accept);

  int fd() const { return fd_; }
  bool closed() const { return closed_; }
  void close();

  /// Makes a stream of a socket that was just accepted and hands it over.
  void accepted(UniqueFd fd);
  /// accept failed. False when it is to be tried again at once; true when it starts again by itself
  /// after a pause, as there are no descriptors or no memory now.
  bool accept_failed(int error);

 private:
  EventLoop& loop_;
  int fd_;
  bool closed_ = false;
  Reactor::AcceptHandler on_accept_;
  Timer retry_;
};

}  // namespace sluice::net
