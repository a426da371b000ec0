// The one place that includes Beast, which is slow to compile.
#include "control/http_server.h"

#include <chrono>
#include <thread>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <sys/stat.h>

#include "base/log.h"

namespace sluice::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using error_code = boost::system::error_code;

constexpr size_t kMaxConnections = 256;
constexpr size_t kMaxBody = 1 << 20;
constexpr auto kRequestTime = std::chrono::seconds(10);

/// How often a stream is asked for more, and how long it may say nothing before the connection is
/// tried.
constexpr auto kStreamLook = std::chrono::milliseconds(200);
constexpr int kQuietLooks = 75;
constexpr size_t kMaxStreams = 32;

http::response<http::string_body> finished(const http::request<http::string_body>& request,
                                           HttpResponse made) {
  http::response<http::string_body> response(static_cast<http::status>(made.status),
                                             request.version());
  response.set(http::field::content_type, made.content_type);
  response.set("X-Content-Type-Options", "nosniff");
  response.keep_alive(request.keep_alive());
  for (const auto& [name, value] : made.headers) response.insert(name, value);
  const bool bodiless = made.status == 204 || made.status == 304;
  if (bodiless) {
    response.erase(http::field::content_type);
    return response;
  }
  response.content_length(made.body.size());
  if (request.method() != http::verb::head) response.body() = std::move(made.body);
  return response;
}

/// What all connections of a server have in common.
struct Shared {
  size_t open = 0, streams = 0;
  asio::thread_pool pool{1};  ///< for what takes long
};

/// One connection, over TCP or a Unix-domain socket.
template <typename Protocol>
class Connection : public std::enable_shared_from_this<Connection<Protocol>> {
 public:
  Connection(typename Protocol::socket socket, std::shared_ptr<HttpHandler> handler, Shared& shared)
      : stream_(std::move(socket)),
        timer_(stream_.get_executor()),
        handler_(std::move(handler)),
        pool_(shared.pool),
        open_(shared.open),
        streams_(shared.streams) {
    ++open_;
  }
  ~Connection() {
    --open_;
    if (streaming_) --streams_;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->body_limit(kMaxBody);
    parser_->header_limit(16 * 1024);
    stream_.expires_after(kRequestTime);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](error_code error, size_t) { self->on_read(error); });
  }

 private:
  void on_read(error_code error) {
    if (error) return;  // Closed, malformed, too large or too slow: the connection goes.
    const auto& request = parser_->get();
    HttpResponse made = (*handler_)(
        {std::string(request.method_string()), std::string(request.target()), request.body(),
         std::string(request[http::field::authorization]), peer(),
         std::string(request[http::field::host]), std::string(request[http::field::if_match]),
         std::string(request[http::field::if_none_match])});
    if (!made.later) {
      send(std::move(made));
      return;
    }
    stream_.expires_never();
    asio::post(pool_, [self = this->shared_from_this(), later = std::move(made.later)] {
      auto done = std::make_shared<HttpResponse>(later());
      asio::post(self->stream_.get_executor(), [self, done] { self->send(std::move(*done)); });
    });
  }

  std::string peer() {
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
      error_code error;
      const auto endpoint = stream_.socket().remote_endpoint(error);
      return error ? "" : endpoint.address().to_string();
    } else {
      return {};
    }
  }

  void send(HttpResponse made) {
    if (made.stream) {
      begin_stream(std::move(made));
      return;
    }
    response_ = finished(parser_->get(), std::move(made));
    stream_.expires_after(kRequestTime);
    http::async_write(stream_, response_,
                      [self = this->shared_from_this()](error_code failed, size_t) {
                        if (!failed && self->response_.keep_alive()) self->read();
                      });
  }

  void begin_stream(HttpResponse made) {
    if (streams_ >= kMaxStreams) {
      send({503, "text/plain", "too many streams are open: close some\n"});
      return;
    }
    ++streams_;
    streaming_ = true;
    more_ = std::move(made.stream);
    piece_ = "HTTP/1.1 200 OK\r\nContent-Type: " + made.content_type +
             "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
             "Connection: close\r\n\r\n";
    write_piece();
  }

  void write_piece() {
    stream_.expires_after(kRequestTime);
    asio::async_write(stream_, asio::buffer(piece_),
                      [self = this->shared_from_this()](error_code failed, size_t) {
                        if (failed) return;  // Gone, or too slow to follow.
                        self->stream_.expires_never();
                        self->look_again();
                      });
  }

  void look_again() {
    timer_.expires_after(kStreamLook);
    timer_.async_wait([self = this->shared_from_this()](error_code cancelled) {
      if (cancelled) return;
      auto piece = self->more_();
      if (!piece) return;
      self->quiet_ = piece->empty() ? self->quiet_ + 1 : 0;
      if (self->quiet_ >= kQuietLooks) {
        // A comment: whether anybody is there shows when something is written.
        *piece = ":\n\n";
        self->quiet_ = 0;
      }
      if (piece->empty()) {
        self->look_again();
        return;
      }
      self->piece_ = std::move(*piece);
      self->write_piece();
    });
  }

  beast::basic_stream<Protocol> stream_;
  asio::steady_timer timer_;
  std::shared_ptr<HttpHandler> handler_;
  asio::thread_pool& pool_;
  size_t& open_;
  size_t& streams_;
  bool streaming_ = false;
  std::function<std::optional<std::string>()> more_;
  std::string piece_;
  int quiet_ = 0;
  beast::flat_buffer buffer_{64 * 1024};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

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
      if (!error && self->shared_.open < kMaxConnections) {
        std::make_shared<Connection<Protocol>>(std::move(socket), self->handler_, self->shared_)
            ->read();
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
  }

 private:
  Shared shared_;  ///< before the context, whose connections count themselves out
  asio::io_context context_{1};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<HttpServer> HttpServer::create() { return std::make_unique<Server>(); }

Result<HttpResponse> http_call(const std::filesystem::path& socket, const HttpRequest& request) {
  asio::io_context context;
  beast::basic_stream<asio::local::stream_protocol> stream(context);
  http::request<http::string_body> message(http::string_to_verb(request.method), request.path, 11);
  message.set(http::field::host, "localhost");
  if (!request.authorization.empty())
    message.set(http::field::authorization, request.authorization);
  message.body() = request.body;
  message.prepare_payload();
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  error_code result = asio::error::would_block;
  stream.expires_after(std::chrono::seconds(30));
  stream.async_connect(asio::local::stream_protocol::endpoint(socket.string()),
                       [&](error_code error) {
                         result = error;
                         if (error) return;
                         http::async_write(stream, message, [&](error_code failed, size_t) {
                           result = failed;
                           if (failed) return;
                           http::async_read(stream, buffer, response,
                                            [&](error_code broken, size_t) { result = broken; });
                         });
                       });
  context.run();
  if (result) {
    return fail(ErrorCode::kUnavailable, "cannot reach the gateway at " + socket.string() + " (" +
                                             result.message() +
                                             "); is it running? Start it with: sluice serve");
  }
  return HttpResponse{static_cast<int>(response.result_int()),
                      std::string(response[http::field::content_type]), std::move(response.body())};
}

}  // namespace sluice::control
