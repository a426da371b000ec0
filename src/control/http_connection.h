#pragma once

// Beast is slow to compile: this is for http_server.cc.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "base/lower_case.h"
#include "control/event_stream.h"
#include "control/finished_response.h"
#include "control/guarded.h"
#include "control/http_bounds.h"
#include "control/http_server.h"
#include "control/http_shared.h"
#include "control/peer_gone.h"
#include "control/problem.h"

namespace sluice::control {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using error_code = boost::system::error_code;

/// Of a request, all that stands above its body.
inline constexpr size_t kMaxHead = size_t{16} * 1024;

using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using LocalStream = beast::basic_stream<asio::local::stream_protocol>;

/// One connection, over TCP with or without TLS, or a Unix-domain socket.
template <typename Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  Connection(Stream stream, Arrival arrival, std::shared_ptr<asio::ssl::context> tls = nullptr)
      : tls_(std::move(tls)),
        stream_(std::move(stream)),
        timer_(stream_.get_executor()),
        pause_(stream_.get_executor()),
        handler_(std::move(arrival.handler)),
        place_(std::move(arrival.place)),
        large_(place_->large()),
        buffer_(std::move(arrival.received)) {}
  ~Connection() {
    if (streaming_) place_->shared().streams.give_back(whose_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    if constexpr (kTls) {
      expires_after(kRequestTime);
      stream_.async_handshake(asio::ssl::stream_base::server, buffer_.data(),
                              // Beast 1.81 asks for a handler that could do without the size.
                              [self = this->shared_from_this()](error_code error, size_t used = 0) {
                                if (error) return;
                                self->buffer_.consume(used);
                                self->read();
                              });
    } else {
      read();
    }
  }

  void read() {
    parser_.emplace();
    parser_->body_limit(kMaxLargeBody);
    parser_->header_limit(kMaxHead);
    expires_after(kRequestTime);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](error_code error, size_t) { self->on_header(error); });
  }

 private:
  auto& lowest() { return beast::get_lowest_layer(stream_); }
  void expires_after(std::chrono::seconds time) { lowest().expires_after(time); }

  /// How long a body may be is known once it is known what for.
  void on_header(error_code error) {
    if (error && error != http::error::body_limit) return malformed(error);
    const bool large = parser_->get().target().starts_with(kLargePath);
    const size_t limit = large ? kMaxLargeBody : kMaxBody;
    if (error) return too_large(limit);
    const size_t length = parser_->chunked() ? limit : parser_->content_length().value_or(0);
    if (length > limit) return too_large(limit);
    if (length > kMaxBody) {
      // Who is not known could keep all others from theirs.
      const auto& may = place_->shared().may_send_large;
      if (may && !may(received())) return refuse(large_needs_credential());
      if (!large_.take((length + kMiB - 1) / kMiB)) {
        refuse(problem(503, "too many large requests are under way", "Try again in a while."));
        return;
      }
      expires_after(kLargeTime);
    }
    parser_->body_limit(limit);
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this(), limit](error_code failed, size_t) {
                       if (failed == http::error::body_limit) return self->too_large(limit);
                       self->on_read(failed);
                     });
  }

  void too_large(size_t limit) {
    refuse(problem(413, "the body is too large",
                   "At most " + std::to_string(limit / kMiB) + " MiB are read here."));
  }

  /// Who sends no request is told so, and that was all: where the next would begin is not known.
  /// Who is gone or was too slow is told nothing.
  void malformed(error_code error) {
    const bool spoken = error.category() == make_error_code(http::error::bad_method).category();
    if (!spoken || error == http::error::end_of_stream || error == http::error::partial_message)
      return;
    over_ = true;
    if (error == http::error::header_limit) {
      refuse(problem(431, "the head of the request is too long",
                     "At most " + std::to_string(kMaxHead / 1024) + " KiB are read here."));
    } else {
      refuse(problem(400, "this is no request of HTTP", error.message()));
    }
  }

  /// Answers before all has been read. Who is still sending would be cut off before they see it:
  /// what they send is read, and thrown away, for as long as an answer may take (RFC 9112, 9.6).
  void refuse(HttpResponse made) {
    response_ = finished(parser_->get(), std::move(made));
    response_.keep_alive(false);
    expires_after(kRequestTime);
    http::async_write(stream_, response_,
                      [self = this->shared_from_this()](error_code failed, size_t) {
                        if (failed) return;
                        if (self->over_ || !kTls) self->end_sending();
                        self->drain(0);
                      });
  }

  /// They see the end, and close.
  void end_sending() {
    error_code ignored;
    lowest().socket().shutdown(asio::socket_base::shutdown_send, ignored);
  }

  void drain(size_t drained) {
    buffer_.clear();
    stream_.async_read_some(
        buffer_.prepare(kDrainedAtOnce),
        [self = this->shared_from_this(), drained](error_code failed, size_t more) {
          if (failed || drained + more > kMostDrained) return;
          self->drain(drained + more);
        });
  }

  void on_read(error_code error) {
    if (error) return malformed(error);
    HttpResponse made = guarded([&] { return (*handler_)(received()); });
    if (!made.later) {
      send(std::move(made));
      return;
    }
    lowest().expires_never();
    whose_ = made.whose;
    meanwhile_ = std::move(made.meanwhile);
    waits_ = true;
    watch();
    make(std::move(made.later));
  }

  void make(std::function<HttpResponse()> later) {
    // It ends on the server's thread too, where connections are counted.
    auto work = [self = this->shared_from_this(), later = std::move(later)]() mutable {
      auto done = std::make_shared<HttpResponse>(guarded(later));
      const auto executor = self->stream_.get_executor();
      asio::post(executor, [self = std::move(self), done] { self->on_made(std::move(*done)); });
    };
    auto& shared = place_->shared();
    if (whose_.empty()) {
      asio::post(shared.pool, std::move(work));
    } else {
      shared.many.submit(whose_, std::move(work));
    }
  }

  /// An answer, or that it has to be asked for again in a while, which takes no thread.
  void on_made(HttpResponse made) {
    if (!made.later) return send(std::move(made));
    pause_.expires_after(made.pause);
    pause_.async_wait([self = this->shared_from_this(),
                       later = std::move(made.later)](error_code cancelled) mutable {
      // Nobody waits any more: nothing is left to be done.
      if (!cancelled && !self->gone_.stop_requested()) self->make(std::move(later));
    });
  }

  /// Looks now and then whether who asked still waits for what is being made.
  void watch() {
    timer_.expires_after(kPeerLook);
    timer_.async_wait([asks = this->weak_from_this()](error_code cancelled) {
      const auto self = asks.lock();
      if (cancelled || !self || !self->waits_) return;
      if (peer_gone(self->lowest().socket().native_handle())) {
        self->gone_.request_stop();
        return;
      }
      if (auto first = self->told_meanwhile(); !first.empty() && self->take_stream())
        return self->begin_telling(std::move(first));
      self->watch();
    });
  }

  std::string told_meanwhile() {
    return meanwhile_ ? next_of(meanwhile_).value_or("") : std::string();
  }

  /// What is told while an answer is made begins a stream, and the answer is the last event of it.
  void begin_telling(std::string first) {
    HttpResponse told{200, "text/event-stream", ""};
    told.eager = true;
    told.stream = [this, first = std::move(first)]() mutable -> std::optional<std::string> {
      if (!first.empty()) return std::exchange(first, {});
      if (!last_) return meanwhile_();
      if (last_->empty()) return std::nullopt;
      return std::exchange(*last_, {});
    };
    begin_stream(std::move(told));
  }

  HttpRequest received() {
    auto& message = parser_->get();
    HttpRequest request{std::string(message.method_string()),
                        std::string(message.target()),
                        std::move(message.body()),
                        std::string(message[http::field::authorization]),
                        peer(),
                        kTls};
    request.gone = gone_.get_token();
    for (const auto& field : message) {
      // Of a name that is there twice, all that it says (RFC 9110, 5.3): none passes for the other.
      auto& said = request.headers[lower_case(field.name_string())];
      said += (said.empty() ? "" : ", ") + std::string(field.value());
    }
    return request;
  }

  std::string peer() {
    if constexpr (std::is_same_v<Stream, LocalStream>) {
      return {};
    } else {
      error_code error;
      const auto endpoint = lowest().socket().remote_endpoint(error);
      return error ? "" : endpoint.address().to_string();
    }
  }

  void send(HttpResponse made) {
    waits_ = false;
    if (streaming_) {
      // It has begun as one that is good; of one that is not, the end is missing.
      last_ = made.status == 200 ? as_event(made.body) : "";
      return;
    }
    timer_.cancel();
    // A stream may go on with what was asked: its share is given back with the connection.
    if (made.stream) {
      if (!take_stream())
        return send({503, "text/plain", "too many streams are open: close some\n"});
      begin_stream(std::move(made));
      return;
    }
    large_.give_back();
    response_ = finished(parser_->get(), std::move(made));
    expires_after(kRequestTime);
    http::async_write(stream_, response_,
                      [self = this->shared_from_this()](error_code failed, size_t) {
                        if (failed) return;
                        if (self->response_.keep_alive()) {
                          self->read();
                        } else {
                          self->say_goodbye();
                        }
                      });
  }

  /// Under TLS an end that is not announced looks like one that was cut off (RFC 8446, 6.1).
  void say_goodbye() {
    if constexpr (kTls) {
      expires_after(kRequestTime);
      stream_.async_shutdown([self = this->shared_from_this()](error_code) {});
    }
  }

  bool take_stream() {
    streaming_ = place_->shared().streams.take(whose_);
    return streaming_;
  }

  void begin_stream(HttpResponse made) {
    more_ = std::move(made.stream);
    look_ = made.eager ? kEagerLook : kStreamLook;
    piece_ = "HTTP/1.1 200 OK\r\nContent-Type: " + made.content_type +
             "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
    for (const auto& [name, value] : made.headers) piece_ += name + ": " + value + "\r\n";
    piece_ += "Connection: close\r\n\r\n";
    write_piece();
  }

  void write_piece() {
    expires_after(kRequestTime);
    asio::async_write(stream_, asio::buffer(piece_),
                      [self = this->shared_from_this()](error_code failed, size_t) {
                        if (failed) {  // Gone, or too slow to follow.
                          self->gone_.request_stop();
                          return;
                        }
                        self->lowest().expires_never();
                        self->look_again();
                      });
  }

  /// A source that throws ends its stream, not the process.
  static std::optional<std::string> next_of(const auto& source) {
    try {
      return source();
    } catch (const std::exception& problem) {
      log::error("http: a stream could not go on: {}", problem.what());
      return std::nullopt;
    }
  }

  void look_again() {
    timer_.expires_after(look_);
    timer_.async_wait([self = this->shared_from_this()](error_code cancelled) {
      if (cancelled) return;
      auto piece = next_of(self->more_);
      if (!piece) {
        self->say_goodbye();
        return;
      }
      self->quiet_ = piece->empty() ? self->quiet_ + self->look_ : std::chrono::milliseconds(0);
      if (self->quiet_ >= kQuiet) {
        // A comment: whether anybody is there shows when something is written.
        *piece = ":\n\n";
        self->quiet_ = std::chrono::milliseconds(0);
      }
      if (piece->empty()) {
        self->look_again();
        return;
      }
      self->piece_ = std::move(*piece);
      self->write_piece();
    });
  }

  std::shared_ptr<asio::ssl::context> tls_;  ///< that stream_ was made with
  Stream stream_;
  asio::steady_timer timer_, pause_;
  bool waits_ = false;     ///< somebody does, for an answer that is being made
  std::stop_source gone_;  ///< told once they are gone
  std::shared_ptr<HttpHandler> handler_;
  std::unique_ptr<Place> place_;
  TallyShare large_;   ///< of the large bodies
  std::string whose_;  ///< for whom the answer is made
  bool streaming_ = false;
  bool over_ = false;  ///< nothing more is said here
  std::function<std::optional<std::string>()> more_;
  std::function<std::string()> meanwhile_;  ///< what is told while it is made
  std::optional<std::string> last_;  ///< event of a stream that began while the answer was made
  std::string piece_;
  std::chrono::milliseconds look_{kStreamLook}, quiet_{0};
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace sluice::control
