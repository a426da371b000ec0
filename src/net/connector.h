#pragma once

#include <memory>
#include <optional>

#include "net/reactor.h"
#include "net/socket.h"

namespace sluice::net {

class EventLoop;

/// One attempt to connect; calls back once, unless its handle is dropped first.
class Connector : public std::enable_shared_from_this<Connector> {
 public:
  static std::unique_ptr<Reactor::PendingConnect> start(EventLoop& loop, const Address& address,
                                                        Duration timeout,
                                                        Reactor::ConnectHandler on_done);
  Connector(EventLoop& loop, const Address& address, Reactor::ConnectHandler on_done);

  int fd() const { return fd_.get(); }
  bool done() const { return done_; }
  /// The socket is writable: the attempt succeeded or failed.
  void on_writable();

 private:
  class Handle;
  void attempt();
  void finish(int error);
  void give_up();
  void end();

  EventLoop& loop_;
  Address address_;
  Reactor::ConnectHandler on_done_;
  UniqueFd fd_;
  // Gone once done, so that a handle kept for longer does not need the loop.
  std::optional<Timer> timeout_;
  std::optional<Timer> retry_;
  bool watched_ = false;
  bool done_ = false;
};

}  // namespace sluice::net
