#pragma once

#include <list>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/buffer.h"
#include "net/reactor.h"
#include "net/slice_queue.h"
#include "net/socket.h"
#include "net/steady_flow.h"
#include "net/stream.h"
#include "net/tls_session.h"

namespace sluice::net {

class EventLoop;

/// The loop's side of a stream: queues, TLS and what the owner is still to be told.
///
/// The owner holds a thin Stream that points here and may destroy it at any moment, also from
/// inside a callback or while the kernel works on the queue. The connection therefore belongs to
/// its EventLoop, which buries it at the end of a round once nothing refers to it.
class Connection {
 public:
  Connection(EventLoop& loop, UniqueFd fd, const Address& peer);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection();

  // -- For the owner, by way of Stream (whose comments say what these do).
  std::unique_ptr<Stream> make_stream();
  void set_handler(StreamHandler* handler);
  void send(Slice data);
  void send(Bytes data);
  size_t unsent() const;
  void hold_output(bool held);
  void pause_receive() { paused_ = true; }
  void resume_receive();
  void start_tls_server(std::shared_ptr<const TlsContext> context, Slice received);
  void start_tls_client(std::shared_ptr<const TlsContext> context, const std::string& server_name,
                        bool alpn_postgresql);
  const TlsSession* tls() const { return tls_.get(); }
  const Address& peer() const { return peer_; }
  /// The stream is destroyed: drop what is queued and close.
  void abandon();
  /// The stream was given to close_after_flush.
  void linger();

  // -- For the loop. These call the handler, so only between submissions.
  /// Does what was put off with EventLoop::mark_ready.
  void on_ready();
  void received(Slice data);
  /// No more bytes come: `error` is 0 at the end of the stream, else an errno.
  void receive_ended(int error);

  // -- For the back ends while they submit; these never call the handler.
  int fd() const { return fd_.get(); }
  /// Whether bytes from the peer are wanted now.
  bool wants_receive() const;
  /// Received bytes wait for the owner to resume.
  bool backlogged() const { return !inbox_.empty(); }
  /// Encrypts what waits; true when `output` has bytes that may be sent now.
  bool prepare_output();
  const SliceQueue& output() const { return output_; }
  void sent(size_t bytes);
  void send_failed(int error);
  /// How the peer sends; the back ends tell it what they receive and send.
  SteadyFlow& flow() { return flow_; }
  /// The loop does not receive for a moment.
  bool resting() const { return resting_; }
  /// Nobody wants it any more; it only waits to be buried.
  bool released() const { return released_; }

 private:
  friend class EventLoop;
  void queue_changed();
  bool may_deliver() const { return handler_ != nullptr && !paused_ && !reported_; }
  void pump();
  bool pump_tls();
  void start_tls(Result<std::unique_ptr<TlsSession>> session);
  void tls_failed(Error reason);
  void report_end();
  void set_end(Error reason);
  void continue_linger();
  void drop_output();
  void release();

  EventLoop& loop_;
  StreamHandler* handler_ = nullptr;
  UniqueFd fd_;
  uint8_t end_delay_ = 0;  ///< rounds to let pass before the end is reported
  bool paused_ : 1 = false;
  bool held_ : 1 = false;
  bool released_ : 1 = false;
  bool lingering_ : 1 = false;
  bool write_shut_ : 1 = false;     ///< lingering: our FIN is out
  bool output_closed_ : 1 = false;  ///< the peer takes no more
  bool above_high_ : 1 = false;     ///< unsent() was above kHighWater and has not drained since
  bool drained_due_ : 1 = false;    ///< on_drained is to be called
  bool reported_ : 1 = false;       ///< on_closed was called
  bool hard_end_ : 1 = false;       ///< the connection broke: report it even while paused
  bool tls_over_ : 1 = false;       ///< TLS failed or was closed; its input means nothing now
  // Places in the loop's lists.
  bool dirty_ : 1 = false;
  bool ready_ : 1 = false;
  bool dying_ : 1 = false;
  bool resting_ : 1 = false;
  SteadyFlow flow_;
  SliceQueue output_;  ///< bytes for the socket
  SliceQueue inbox_;   ///< bytes from the socket not delivered yet
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<Error> end_;  ///< why no more bytes come
  std::unique_ptr<Timer> linger_timer_;
  Address peer_;
  std::list<std::unique_ptr<Connection>>::iterator self_;
};

}  // namespace sluice::net
