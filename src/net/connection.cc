#include "net/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace sluice::net {

/// The owner's handle on a connection.
class SocketStream : public Stream {
 public:
  explicit SocketStream(std::shared_ptr<Connection> connection) : c_(std::move(connection)) {}
  ~SocketStream() override {
    if (c_) c_->detach(), c_->close();
  }

  void set_handler(StreamHandler* handler) override { c_->handler_ = handler; }
  void send(Slice data) override {
    if (c_->tls_) {
      c_->tls_->write(data.bytes());
    } else {
      c_->queue(std::move(data));
    }
  }
  void send(Bytes data) override {
    if (c_->tls_) {
      c_->tls_->write(data);
    } else {
      c_->queue(data);
    }
  }
  size_t unsent() const override { return c_->unsent_; }
  void hold_output(bool held) override {
    c_->held_ = held;
    if (!held) c_->mark_dirty();
  }
  void pause_receive() override { c_->paused_ = true; }
  void resume_receive() override {
    if (!c_->paused_) return;
    c_->paused_ = false;
    c_->reactor_.mark_ready(*c_);
  }
  void start_tls_server(std::shared_ptr<const TlsContext> context, Slice received) override {
    start_tls(std::move(context), true, {}, false);
    if (!received.empty()) {
      // From the loop: the handler is not called from inside a call it makes.
      c_->kept_.push_back(std::move(received));
      c_->reactor_.mark_ready(*c_);
    }
  }
  void start_tls_client(std::shared_ptr<const TlsContext> context, const std::string& server_name,
                        bool alpn_postgresql) override {
    start_tls(std::move(context), false, server_name, alpn_postgresql);
    c_->tls_->handshake();
  }
  bool is_tls() const override { return c_->tls_ != nullptr; }
  std::string alpn() const override { return c_->tls_ ? c_->tls_->alpn() : ""; }
  Result<std::string> channel_binding() const override {
    if (!c_->tls_) return fail(ErrorCode::kUnavailable, "no TLS");
    return c_->tls_->channel_binding();
  }
  std::string tls_description() const override {
    return c_->tls_ && c_->tls_->established() ? c_->tls_->description() : "";
  }
  const Address& peer() const override { return c_->peer_; }

 protected:
  void detach_and_flush(std::unique_ptr<Stream>) override {
    c_->detach();
    if (c_->tls_) c_->tls_->close_notify();
    c_->linger();
    c_.reset();
  }

 private:
  void start_tls(std::shared_ptr<const TlsContext> context, bool server, const std::string& name,
                 bool alpn) {
    Connection* connection = c_.get();
    c_->tls_ = std::make_unique<TlsSession>(std::move(context), server, name, alpn,
                                            [connection](Bytes r) { connection->queue(r); });
  }
  std::shared_ptr<Connection> c_;
};

void Stream::close_after_flush(std::unique_ptr<Stream> stream) {
  if (!stream) return;
  Stream& raw = *stream;
  raw.detach_and_flush(std::move(stream));
}

Connection::Connection(ReactorBase& reactor, int fd, const Address& peer)
    : reactor_(reactor), fd_(fd), peer_(peer) {
  if (peer_.storage.ss_family != AF_UNIX) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

std::unique_ptr<Stream> Connection::make_stream() {
  return std::make_unique<SocketStream>(shared_from_this());
}

void Connection::mark_dirty() {
  if (dirty_ || closed_) return;
  dirty_ = true;
  reactor_.mark_dirty(*this);
}

void Connection::queue(Slice data) {
  if (closed_ || data.empty()) return;
  unsent_ += data.size();
  above_high_water_ = above_high_water_ || unsent_ > Stream::kHighWater;
  output_.push_back(std::move(data));
  mark_dirty();
}

void Connection::queue(Bytes data) {
  if (closed_) return;
  unsent_ += data.size();
  above_high_water_ = above_high_water_ || unsent_ > Stream::kHighWater;
  while (!data.empty()) {
    if (!drained()) data.remove_prefix(output_.back().append(data));
    if (data.empty()) break;
    output_.emplace_back(reactor_.buffers().take(), 0, 0);
  }
  mark_dirty();
}

void Connection::flush() {
  dirty_ = false;
  if (closed_ || held_ || sending_) return;
  if (!drained()) {
    start_send();
  } else if (lingering_ && !write_shut_) {
    write_shut_ = true;
    shutdown(fd_, SHUT_WR);
  }
}

void Connection::sent(size_t bytes) {
  unsent_ -= bytes;
  while (bytes > 0) {
    Slice& front = output_[output_head_];
    if (bytes < front.size()) {
      front.remove_prefix(static_cast<uint32_t>(bytes));
      break;
    }
    bytes -= front.size();
    front = Slice();
    ++output_head_;
  }
  if (drained()) {
    output_head_ = 0;
    output_.clear();
    if (output_.capacity() > 16) output_.shrink_to_fit();
  }
  if (above_high_water_ && unsent_ <= Stream::kLowWater) {
    above_high_water_ = false;
    if (handler_ != nullptr) handler_->on_drained();
  }
  if (!closed_ && !sending_ && (!drained() || lingering_)) mark_dirty();
}

void Connection::received(Slice data) {
  if (handler_ == nullptr) return;
  if (paused_ || !kept_.empty()) {
    kept_bytes_ += data.size();
    kept_.push_back(std::move(data));
    return;
  }
  deliver(std::move(data));
}

void Connection::deliver(Slice data) {
  if (tls_) {
    receive_tls(data.bytes());
  } else {
    handler_->on_receive(std::move(data));
  }
}

void Connection::receive_tls(Bytes records) {
  tls_->feed(records);
  if (!tls_->established()) {
    switch (tls_->handshake()) {
      case TlsSession::Progress::kWantMore:
        return;
      case TlsSession::Progress::kDone:
        break;
      default:
        report_closed(tls_->problem());
        return;
    }
    if (handler_ != nullptr) handler_->on_secured();
  }
  decrypt();
}

void Connection::decrypt() {
  // Everything fed is decrypted, whether or not the handler pauses meanwhile: at most a buffer's
  // worth, and the records' memory is about to go.
  while (handler_ != nullptr && tls_) {
    Slice plain(reactor_.buffers().take(), 0, 0);
    size_t count = 0;
    const auto progress = tls_->read(plain.writable(), Buffer::kSize, count);
    if (progress == TlsSession::Progress::kWantMore) return;
    if (progress == TlsSession::Progress::kClosed) {
      report_closed({ErrorCode::kUnavailable, "closed by peer"});
      return;
    }
    if (progress != TlsSession::Progress::kDone) {
      report_closed(tls_->problem());
      return;
    }
    plain = plain.sub(0, static_cast<uint32_t>(count));
    if (paused_ || !kept_plain_.empty()) {
      kept_plain_.push_back(std::move(plain));
    } else {
      handler_->on_receive(std::move(plain));
    }
  }
}

void Connection::deliver_kept() {
  ready_ = false;
  while (!paused_ && handler_ != nullptr && !kept_plain_.empty()) {
    Slice data = std::move(kept_plain_.front());
    kept_plain_.erase(kept_plain_.begin());
    handler_->on_receive(std::move(data));
  }
  while (!paused_ && handler_ != nullptr && !kept_.empty()) {
    Slice data = std::move(kept_.front());
    kept_.erase(kept_.begin());
    kept_bytes_ -= std::min(kept_bytes_, data.size());
    deliver(std::move(data));
  }
  if (handler_ == nullptr || paused_) return;
  if (close_reason_) {
    report_closed(*close_reason_);
  } else if (!closed_) {
    start_receive();
  }
}

void Connection::failed(Error reason) {
  if (lingering_ || handler_ == nullptr) {
    close();
    return;
  }
  if (!kept_.empty() || !kept_plain_.empty()) {
    if (!close_reason_) close_reason_ = std::move(reason);
    return;
  }
  report_closed(std::move(reason));
}

void Connection::report_closed(Error reason) {
  StreamHandler* handler = std::exchange(handler_, nullptr);
  const auto self = shared_from_this();
  close();
  if (handler != nullptr) handler->on_closed(reason);
}

void Connection::detach() {
  handler_ = nullptr;
  kept_.clear();
  kept_plain_.clear();
  kept_bytes_ = 0;
}

void Connection::linger() {
  if (closed_) return;
  lingering_ = true;
  paused_ = false;
  reactor_.linger(shared_from_this());
  start_receive();  // To see the peer close; what it still sends is dropped.
  mark_dirty();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  if (!sending_) {
    output_.clear();
    output_head_ = 0;
  }
  reactor_.forget_lingering(*this);
  close_socket();
}

}  // namespace sluice::net
