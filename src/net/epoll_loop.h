#pragma once

#include <array>

#include <sys/epoll.h>

#include "net/event_loop.h"

namespace sluice::net {

/// The epoll back end: edge-triggered, one recv a readable event, one sendmsg a stream and round.
class EpollLoop final : public EventLoop {
 public:
  static Result<std::unique_ptr<Reactor>> create();
  ~EpollLoop() override;
  std::string_view backend_name() const override { return "epoll"; }

  void receive_wanted(Connection& connection) override;
  void watch(const std::shared_ptr<Connector>& connector) override;
  void unwatch(const std::shared_ptr<Connector>& connector) override;
  Result<> watch(const std::shared_ptr<Listener>& listener) override;
  void unwatch(const std::shared_ptr<Listener>& listener) override;

 protected:
  Result<> start() override { return {}; }
  std::unique_ptr<Connection> make_connection(UniqueFd fd, const Address& peer) override;
  bool quiet(const Connection&) const override { return true; }
  void rested(Connection& connection) override;
  void flush() override;
  void wait(bool block) override;

 private:
  class Socket;
  Result<> open();
  int control(int operation, int fd, uint32_t events, uint64_t data);
  void dispatch(const epoll_event& event);
  void socket_event(Socket& socket, uint32_t events);
  void read(Socket& socket);
  void write(Socket& socket);
  void watch(Socket& socket);
  void receive_now(Socket& socket);
  void accept_all(Listener& listener);

  UniqueFd epoll_;
  UniqueFd alarm_fd_;
  UniqueFd rest_fd_;
  std::array<epoll_event, 256> events_;
};

}  // namespace sluice::net
