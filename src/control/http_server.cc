// Beast is slow to compile: it is included here, and in http_call.cc.
#include "control/http_server.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <sys/stat.h>

#include "base/lower_case.h"
#include "control/finished_response.h"
#include "control/guarded.h"
#include "control/http_bounds.h"
#include "control/http_shared.h"
#include "control/peer_gone.h"
#include "control/problem.h"

namespace sluice::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using error_code = boost::system::error_code;

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
    parser_->header_limit(16 * 1024);
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
    if (error && error != http::error::body_limit) return;  // Closed, malformed or too slow.
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

  /// Answers before all has been read. Who is still sending would be cut off before they see it:
  /// what they send is read, and thrown away, for as long as an answer may take.
  void refuse(HttpResponse made) {
    response_ = finished(parser_->get(), std::move(made));
    response_.keep_alive(false);
    expires_after(kRequestTime);
    http::async_write(stream_, response_,
                      [self = this->shared_from_this()](error_code failed, size_t) {
                        if (!failed) self->drain(0);
                      });
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
    if (error) return;  // Closed, malformed or too slow: the connection goes.
    HttpResponse made = guarded([&] { return (*handler_)(received()); });
    if (!made.later) {
      send(std::move(made));
      return;
    }
    lowest().expires_never();
    whose_ = made.whose;
    waits_ = true;
    watch();
    // It ends on the server's thread too, where connections are counted.
    auto work = [self = this->shared_from_this(), later = std::move(made.later)]() mutable {
      auto done = std::make_shared<HttpResponse>(guarded(later));
      const auto executor = self->stream_.get_executor();
      asio::post(executor, [self = std::move(self), done] { self->send(std::move(*done)); });
    };
    auto& shared = place_->shared();
    if (made.whose.empty()) {
      asio::post(shared.pool, std::move(work));
    } else {
      shared.many.submit(std::move(made.whose), std::move(work));
    }
  }

  /// Looks now and then whether who asked still waits for what is being made.
  void watch() {
    timer_.expires_after(kPeerLook);
    timer_.async_wait([asks = this->weak_from_this()](error_code cancelled) {
      const auto self = asks.lock();
      if (cancelled || !self || !self->waits_) return;
      if (!peer_gone(self->lowest().socket().native_handle())) return self->watch();
      self->gone_.request_stop();
    });
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
    timer_.cancel();
    // A stream may go on with what was asked: its share is given back with the connection.
    if (made.stream) {
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

  void begin_stream(HttpResponse made) {
    if (!place_->shared().streams.take(whose_)) {
      send({503, "text/plain", "too many streams are open: close some\n"});
      return;
    }
    streaming_ = true;
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
                        if (failed) return;  // Gone, or too slow to follow.
                        self->lowest().expires_never();
                        self->look_again();
                      });
  }

  /// A source that throws ends its stream, not the process.
  std::optional<std::string> next_piece() {
    try {
      return more_();
    } catch (const std::exception& problem) {
      log::error("http: a stream could not go on: {}", problem.what());
      return std::nullopt;
    }
  }

  void look_again() {
    timer_.expires_after(look_);
    timer_.async_wait([self = this->shared_from_this()](error_code cancelled) {
      if (cancelled) return;
      auto piece = self->next_piece();
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
  asio::steady_timer timer_;
  bool waits_ = false;     ///< somebody does, for an answer that is being made
  std::stop_source gone_;  ///< told once they are gone
  std::shared_ptr<HttpHandler> handler_;
  std::unique_ptr<Place> place_;
  TallyShare large_;   ///< of the large bodies
  std::string whose_;  ///< for whom the answer is made
  bool streaming_ = false;
  std::function<std::optional<std::string>()> more_;
  std::string piece_;
  std::chrono::milliseconds look_{kStreamLook}, quiet_{0};
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

/// A TCP connection that has not said yet whether it speaks TLS: its first bytes tell.
class Newcomer : public std::enable_shared_from_this<Newcomer> {
 public:
  Newcomer(beast::tcp_stream stream, Arrival arrival)
      : stream_(std::move(stream)), arrival_(std::move(arrival)) {}

  void start() {
    stream_.expires_after(kRequestTime);
    beast::async_detect_ssl(stream_, arrival_.received,
                            [self = shared_from_this()](error_code error, bool tls) {
                              if (!error) self->go_on(tls);
                            });
  }

 private:
  void go_on(bool tls) {
    if (!tls) {
      std::make_shared<Connection<beast::tcp_stream>>(std::move(stream_), std::move(arrival_))
          ->start();
      return;
    }
    auto context = arrival_.place->shared().tls;
    if (!context) return;
    TlsStream stream(std::move(stream_), *context);
    std::make_shared<Connection<TlsStream>>(std::move(stream), std::move(arrival_),
                                            std::move(context))
        ->start();
  }

  beast::tcp_stream stream_;
  Arrival arrival_;
};

void begin(asio::ip::tcp::socket socket, Arrival arrival) {
  std::make_shared<Newcomer>(beast::tcp_stream(std::move(socket)), std::move(arrival))->start();
}

void begin(asio::local::stream_protocol::socket socket, Arrival arrival) {
  std::make_shared<Connection<LocalStream>>(LocalStream(std::move(socket)), std::move(arrival))
      ->start();
}

/// Accepts connections for one handler.
template <typename Protocol>
class Acceptor : public std::enable_shared_from_this<Acceptor<Protocol>> {
 public:
  Acceptor(asio::io_context& context, HttpHandler handler, Shared& shared)
      : acceptor_(context),
        handler_(std::make_shared<HttpHandler>(std::move(handler))),
        shared_(shared) {}

  Result<> listen(const typename Protocol::endpoint& endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(128, error);
    if (error) return fail(ErrorCode::kIo, "cannot listen for HTTP: " + error.message());
    accept();
    return {};
  }
  typename Protocol::endpoint local() const { return acceptor_.local_endpoint(); }

 private:
  void accept() {
    acceptor_.async_accept([self = this->shared_from_this()](error_code error, auto socket) {
      if (error == asio::error::operation_aborted) return;
      auto source = error || self->shared_.addresses_are_shared ? "" : source_of(socket);
      if (!error && self->shared_.open.take(source)) {
        auto place = std::make_unique<Place>(self->shared_, std::move(source));
        begin(std::move(socket), {std::move(place), self->handler_});
      }
      self->accept();
    });
  }

  typename Protocol::acceptor acceptor_;
  std::shared_ptr<HttpHandler> handler_;
  Shared& shared_;
};

class Server : public HttpServer {
 public:
  ~Server() override { stop(); }

  Result<> use_tls(const std::string& certificate_file, const std::string& key_file) override {
    auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    error_code error;
    tls->set_options(asio::ssl::context::no_compression | asio::ssl::context::no_tlsv1 |
                         asio::ssl::context::no_tlsv1_1,
                     error);
    if (!error) tls->use_certificate_chain_file(certificate_file, error);
    if (!error) tls->use_private_key_file(key_file, asio::ssl::context::pem, error);
    if (error) {
      return fail(ErrorCode::kInvalidInput, "cannot use " + certificate_file + " and " + key_file +
                                                " for HTTPS: " + error.message());
    }
    // Connections are made on the server's thread alone.
    asio::post(context_, [this, tls] { shared_.tls = tls; });
    return {};
  }

  void share_addresses(bool shared) override { shared_.addresses_are_shared = shared; }
  void admit_large(LargeBodies may) { shared_.may_send_large = std::move(may); }

  Result<uint16_t> listen(const std::string& host, uint16_t port, HttpHandler handler) override {
    error_code error;
    asio::ip::tcp::resolver resolver(context_);
    const auto found = resolver.resolve(host, std::to_string(port), error);
    if (error || found.empty())
      return fail(ErrorCode::kIo, "cannot resolve " + host + ": " + error.message());
    auto acceptor =
        std::make_shared<Acceptor<asio::ip::tcp>>(context_, std::move(handler), shared_);
    SLUICE_TRY(acceptor->listen(found.begin()->endpoint()));
    return acceptor->local().port();
  }

  Result<> listen(const std::filesystem::path& socket, HttpHandler handler) override {
    std::error_code ignored;
    std::filesystem::remove(socket, ignored);
    if (socket.string().size() >= sizeof(sockaddr_un::sun_path)) {
      return fail(ErrorCode::kInvalidInput,
                  "the state folder's path is too long for a socket: " + socket.string());
    }
    const mode_t mask = umask(0177);
    auto acceptor = std::make_shared<Acceptor<asio::local::stream_protocol>>(
        context_, std::move(handler), shared_);
    auto listening = acceptor->listen(asio::local::stream_protocol::endpoint(socket.string()));
    umask(mask);
    return listening;
  }

  void start() override {
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "control");
      context_.run();
    });
  }

  void stop() override {
    // What is being made still posts its answer, which nobody waits for any more.
    shared_.pool.stop();
    shared_.pool.join();
    context_.stop();
    if (thread_.joinable()) thread_.join();
    shared_.many.stop();
  }

 private:
  Shared shared_;  ///< before the context, whose connections count themselves out
  asio::io_context context_{1};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<HttpServer> HttpServer::create() { return std::make_unique<Server>(); }

void admit_large(HttpServer& server, LargeBodies may) {
  static_cast<Server&>(server).admit_large(std::move(may));
}

}  // namespace sluice::control
