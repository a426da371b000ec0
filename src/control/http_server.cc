// Beast is slow to compile: it is included here, in http_connection.h and in http_call.cc.
#include "control/http_server.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <sys/stat.h>

#include "control/http_bounds.h"
#include "control/http_connection.h"
#include "control/http_shared.h"

namespace sluice::control {
namespace {

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
