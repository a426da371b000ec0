#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include <liburing.h>

#include "net/event_loop.h"
#include "net/uring_buffers.h"

namespace sluice::net {

/// The io_uring back end: one system call a round submits everything the last batch produced and
/// waits for the next.
///
/// Receiving is one multishot request a stream into provided buffers. Sending rests on a property
/// `probe_uring` checks: a send with MSG_DONTWAIT is done by the time the submission returns, and
/// with IOSQE_CQE_SKIP_SUCCESS it leaves a completion only if it did not send everything. So a send
/// that works, as nearly all do, costs no completion and does not wake the loop. One that does not
/// is followed by an ordinary send that waits for room.
class UringLoop final : public EventLoop {
 public:
  static Result<std::unique_ptr<Reactor>> create();
  UringLoop();
  ~UringLoop() override;
  std::string_view backend_name() const override { return "io_uring"; }

  void receive_wanted(Connection& connection) override;
  void watch(const std::shared_ptr<Connector>& connector) override;
  void unwatch(const std::shared_ptr<Connector>& connector) override;
  Result<> watch(const std::shared_ptr<Listener>& listener) override;
  void unwatch(const std::shared_ptr<Listener>& listener) override;

 protected:
  Result<> start() override;
  std::unique_ptr<Connection> make_connection(UniqueFd fd, const Address& peer) override;
  bool quiet(const Connection& connection) const override;
  void rested(Connection& connection) override { mark_dirty(connection); }
  void flush() override;
  void wait(bool block) override;

 private:
  class Socket;
  struct Message;
  enum Tag : uint64_t;

  Result<> open();
  io_uring_sqe* request(Tag tag, const void* subject);
  void cancel(Tag tag, const void* subject);
  void submit();

  void flush_socket(Socket& socket);
  void flush_released(Socket& socket);
  void request_receive(Socket& socket);
  void request_send(Socket& socket);
  void request_wake();
  void set_alarm(Clock::time_point at);
  void request_rest();

  const io_uring_cqe& completion(unsigned index) const {
    return ring_.cq.cqes[index & ring_.cq.ring_mask];
  }
  void handle_sends(unsigned head, unsigned tail);
  void dispatch(const io_uring_cqe& entry);
  void send_done(Socket& socket, int result);
  void receive_done(Socket& socket, int result, uint32_t flags);
  void note_flood(Socket& socket, bool full);
  void accept_done(Listener& listener, int result, uint32_t flags);
  void connect_done(const Connector& connector);

  io_uring ring_{};
  bool open_ = false;
  bool running_ = false;
  UringBuffers received_;
  std::vector<Socket*> silent_sends_;  ///< submitted in this round, no news means success
  std::unique_ptr<Message[]> messages_;
  size_t messages_used_ = 0;  ///< since the last submission
  uint64_t wake_count_ = 0;   ///< what the read of the wake descriptor fills
  __kernel_timespec alarm_time_{};
  bool alarm_pending_ = false;
  __kernel_timespec rest_time_{};
  /// Requests other than sends and receives, put off to the next flush.
  std::vector<std::function<void()>> requests_;
  /// Alive until the kernel's last completion for them.
  std::unordered_map<const void*, std::shared_ptr<void>> in_kernel_;
};

}  // namespace sluice::net
