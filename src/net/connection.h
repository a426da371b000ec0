#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/reactor_base.h"
#include "net/stream.h"
#include "net/tls_session.h"

namespace sluice::net {

/// The inside of a Stream: what has to outlive it while the kernel still works on its buffers. The
/// back ends derive from it what they need to know of a socket.
///
/// Events of the back end come in through `received`, `sent` and `failed`; what it should do comes
/// out through the pure virtual functions.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ReactorBase& reactor, int fd, const Address& peer);
  virtual ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// A Stream that owns this connection.
  std::unique_ptr<Stream> make_stream();

  // Called by the back end.
  void received(Slice data);
  void sent(size_t bytes);
  void failed(Error reason);
  /// Hands queued output to the back end; once per batch of events.
  void flush();
  /// Delivers what was kept while receiving was paused.
  void deliver_kept();

  int fd() const { return fd_; }
  bool wants_input() const { return !paused_ || kept_bytes_ < kKeepLimit; }

 protected:
  static constexpr size_t kKeepLimit = 64 * 1024;

  /// Starts sending the front of `output_`; `sent` or `failed` answers, now or later.
  virtual void start_send() = 0;
  /// Receiving is wanted (again).
  virtual void start_receive() = 0;
  /// Gives the socket up; the connection lives until the kernel has let go of its buffers.
  virtual void close_socket() = 0;

  ReactorBase& reactor_;
  int fd_;
  std::vector<Slice> output_;  ///< front first, from `output_head_`
  size_t output_head_ = 0;
  bool sending_ = false;
  bool closed_ = false;

 private:
  friend class ReactorBase;
  friend class SocketStream;

  void queue(Bytes data);
  void queue(Slice data);
  void mark_dirty();
  void deliver(Slice data);
  void receive_tls(Bytes records);
  void decrypt();
  void report_closed(Error reason);
  void detach();
  void close();
  void linger();
  bool drained() const { return output_head_ == output_.size(); }

  Address peer_;
  StreamHandler* handler_ = nullptr;
  std::unique_ptr<TlsSession> tls_;
  std::vector<Slice> kept_;  ///< received while paused
  std::vector<Slice> kept_plain_;  ///< the same, already decrypted
  size_t kept_bytes_ = 0;
  size_t unsent_ = 0;
  std::optional<Error> close_reason_;  ///< to be told once what was kept is delivered
  bool paused_ = false;
  bool held_ = false;
  bool dirty_ = false;
  bool ready_ = false;
  bool above_high_water_ = false;
  bool lingering_ = false;
  bool write_shut_ = false;
};

}  // namespace sluice::net
