#include "net/connection.h"

#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "net/event_loop.h"

namespace sluice::net {

namespace {

/// Encrypted bytes kept ready for the socket; the rest waits as plain text.
constexpr size_t kEncryptAhead = 64 * 1024;
constexpr auto kLingerTime = std::chrono::seconds(2);
/// An end that has an alert to send first is reported after the round that sends it.
constexpr uint8_t kEndDelay = 2;

}  // namespace

Connection::Connection(EventLoop& loop, UniqueFd fd, const Address& peer)
    : loop_(loop), fd_(std::move(fd)), peer_(peer) {}

Connection::~Connection() = default;

void Connection::set_handler(StreamHandler* handler) {
  handler_ = handler;
  loop_.mark_ready(*this);
}

// -- Output

size_t Connection::unsent() const {
  return output_.bytes() + (tls_ == nullptr ? 0 : tls_->plain().bytes());
}

void Connection::send(Slice data) {
  if (data.empty() || output_closed_ || tls_over_) return;
  (tls_ == nullptr ? output_ : tls_->plain()).push(std::move(data));
  queue_changed();
}

void Connection::send(Bytes data) {
  if (data.empty() || output_closed_ || tls_over_) return;
  (tls_ == nullptr ? output_ : tls_->plain()).append(data, loop_.buffers());
  queue_changed();
}

void Connection::queue_changed() {
  if (!above_high_ && unsent() > Stream::kHighWater) above_high_ = true;
  if (!held_) loop_.mark_dirty(*this);
}

void Connection::hold_output(bool held) {
  held_ = held;
  if (!held && unsent() > 0) loop_.mark_dirty(*this);
}

bool Connection::prepare_output() {
  if (held_ || output_closed_ || released_) return false;
  if (tls_ != nullptr && tls_->established() && !tls_over_ && !tls_->plain().empty()) {
    if (auto done = tls_->encrypt(kEncryptAhead); !done) tls_failed(std::move(done).error());
  }
  return !output_.empty();
}

void Connection::sent(size_t bytes) {
  output_.consume(bytes);
  const size_t left = unsent();
  if (above_high_ && left <= Stream::kLowWater) {
    above_high_ = false;
    drained_due_ = true;
    loop_.mark_ready(*this);
  }
  if (left > 0) {
    loop_.mark_dirty(*this);
  } else if (lingering_) {
    loop_.mark_ready(*this);
  }
}

void Connection::send_failed(int error) {
  drop_output();
  output_closed_ = true;
  if (released_) return;
  if (lingering_) {
    release();
    return;
  }
  // What the peer sent before it went is still to be delivered: let the receiving side find the end
  // behind it. The shutdown makes sure that there is one, whatever the error was.
  ::shutdown(fd(), SHUT_RDWR);
  if (wants_receive()) return;
  set_end(io_error("send", error));
  hard_end_ = true;
  loop_.mark_ready(*this);
}

void Connection::drop_output() {
  output_.clear();
  if (tls_ != nullptr) tls_->plain().clear();
}

// -- Input

bool Connection::wants_receive() const {
  if (released_ || end_ != nullptr) return false;
  return lingering_ || may_deliver();
}

void Connection::resume_receive() {
  if (!paused_) return;
  paused_ = false;
  loop_.mark_ready(*this);
}

void Connection::received(Slice data) {
  if (lingering_ || released_ || tls_over_) return;
  if (tls_ == nullptr && inbox_.empty() && may_deliver()) {
    handler_->on_receive(std::move(data));
    return;
  }
  inbox_.push(std::move(data));
  pump();
}

void Connection::receive_ended(int error) {
  if (released_) return;
  if (error != 0) {
    hard_end_ = true;
    set_end(io_error("receive", error));
  } else if (tls_ != nullptr && !tls_->established()) {
    set_end({ErrorCode::kUnavailable, "closed by peer during the TLS handshake"});
  } else {
    set_end({ErrorCode::kUnavailable, "closed by peer"});
  }
  if (lingering_) {
    loop_.mark_ready(*this);
  } else {
    pump();
  }
}

void Connection::set_end(Error reason) {
  if (end_ == nullptr) end_ = std::make_unique<Error>(std::move(reason));
}

void Connection::pump() {
  while (may_deliver()) {
    if (tls_ != nullptr) {
      if (!pump_tls()) break;
    } else if (!inbox_.empty()) {
      handler_->on_receive(inbox_.pop());
    } else {
      break;
    }
  }
  report_end();
}

bool Connection::pump_tls() {
  if (tls_over_) return false;
  if (!tls_->established()) {
    auto done = tls_->handshake();
    if (!output_.empty()) queue_changed();
    if (!done) {
      tls_failed(std::move(done).error());
      return false;
    }
    if (!*done) return false;
    if (unsent() > 0) queue_changed();
    handler_->on_secured();
    return true;
  }
  auto plain = tls_->read();
  if (!output_.empty()) queue_changed();  // alerts, answers to KeyUpdate
  if (!plain) {
    tls_failed(std::move(plain).error());
    return false;
  }
  if (plain->empty()) {
    if (tls_->peer_finished()) {
      tls_over_ = true;
      inbox_.clear();
      set_end({ErrorCode::kUnavailable, "closed by peer"});
    }
    return false;
  }
  handler_->on_receive(std::move(*plain));
  return true;
}

void Connection::report_end() {
  if (end_ == nullptr || reported_ || handler_ == nullptr || end_delay_ > 0) return;
  if (paused_ && !hard_end_) return;
  reported_ = true;
  inbox_.clear();
  handler_->on_closed(*end_);
}

void Connection::on_ready() {
  if (released_) return;
  if (lingering_) {
    continue_linger();
    if (!released_) loop_.receive_wanted(*this);
    return;
  }
  if (end_delay_ > 0 && --end_delay_ > 0) loop_.mark_ready(*this);
  if (drained_due_) {
    drained_due_ = false;
    if (handler_ != nullptr && !reported_ && !above_high_) handler_->on_drained();
  }
  pump();
  if (wants_receive()) loop_.receive_wanted(*this);
}

// -- TLS

void Connection::start_tls_server(std::shared_ptr<const TlsContext> context, Slice received) {
  if (!received.empty()) inbox_.push_front(std::move(received));
  start_tls(TlsSession::server(std::move(context), inbox_, output_, loop_.buffers()));
}

void Connection::start_tls_client(std::shared_ptr<const TlsContext> context,
                                  const std::string& server_name, bool alpn_postgresql) {
  start_tls(TlsSession::client(std::move(context), server_name, alpn_postgresql, inbox_, output_,
                               loop_.buffers()));
}

void Connection::start_tls(Result<std::unique_ptr<TlsSession>> session) {
  if (session) {
    tls_ = std::move(*session);
  } else {
    tls_failed(std::move(session).error());
  }
  loop_.mark_ready(*this);
}

void Connection::tls_failed(Error reason) {
  tls_over_ = true;
  inbox_.clear();
  if (tls_ != nullptr) tls_->plain().clear();
  set_end(std::move(reason));
  end_delay_ = kEndDelay;
  if (!output_.empty()) queue_changed();
  loop_.mark_ready(*this);
}

// -- The end

void Connection::abandon() {
  handler_ = nullptr;
  inbox_.clear();
  if (tls_ != nullptr && tls_->established() && !tls_over_ && !output_closed_ && !held_ &&
      unsent() == 0) {
    // Nothing of ours is in the kernel's hands, so the alert may go past the queue.
    tls_->finish();
    const Bytes alert = output_.empty() ? Bytes() : output_.front().bytes();
    ::send(fd(), alert.data(), alert.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    output_.clear();
  }
  release();
}

void Connection::linger() {
  handler_ = nullptr;
  inbox_.clear();
  // Held bytes must not leave, and nobody is left to let them.
  if (held_ || output_closed_) {
    release();
    return;
  }
  lingering_ = true;
  if (tls_ != nullptr && !tls_->established()) tls_->plain().clear();
  linger_timer_ = std::make_unique<Timer>(loop_, [this] { release(); });
  linger_timer_->arm(kLingerTime);
  loop_.mark_ready(*this);
}

void Connection::continue_linger() {
  if (unsent() > 0) {
    loop_.mark_dirty(*this);
    return;
  }
  if (!write_shut_) {
    if (tls_ != nullptr && !tls_over_) {
      tls_over_ = true;
      tls_->finish();
      if (!output_.empty()) {
        loop_.mark_dirty(*this);
        return;
      }
    }
    // Closing with bytes unread would reset the connection and might cost the peer our last words:
    // say FIN, and read on until the peer says it too.
    write_shut_ = true;
    ::shutdown(fd(), SHUT_WR);
  }
  if (end_ != nullptr) release();
}

void Connection::release() {
  if (released_) return;
  released_ = true;
  lingering_ = false;
  linger_timer_.reset();
  loop_.released(*this);
}

}  // namespace sluice::net
