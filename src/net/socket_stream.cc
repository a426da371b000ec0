#include "net/connection.h"

namespace sluice::net {

namespace {

/// What the owner holds of a connection.
class SocketStream final : public Stream {
 public:
  explicit SocketStream(Connection& connection) : connection_(&connection) {}
  ~SocketStream() override {
    if (connection_ != nullptr) connection_->abandon();
  }

  void set_handler(StreamHandler* handler) override { connection_->set_handler(handler); }
  void send(Slice data) override { connection_->send(std::move(data)); }
  void send(Bytes data) override { connection_->send(data); }
  size_t unsent() const override { return connection_->unsent(); }
  void hold_output(bool held) override { connection_->hold_output(held); }
  void pause_receive() override { connection_->pause_receive(); }
  void resume_receive() override { connection_->resume_receive(); }
  void start_tls_server(std::shared_ptr<const TlsContext> context, Slice received) override {
    connection_->start_tls_server(std::move(context), std::move(received));
  }
  void start_tls_client(std::shared_ptr<const TlsContext> context, const std::string& server_name,
                        bool alpn_postgresql) override {
    connection_->start_tls_client(std::move(context), server_name, alpn_postgresql);
  }
  bool is_tls() const override { return connection_->tls() != nullptr; }
  std::string alpn() const override {
    return is_tls() ? connection_->tls()->alpn() : std::string();
  }
  Result<std::string> channel_binding() const override {
    if (is_tls()) return connection_->tls()->channel_binding();
    return fail(ErrorCode::kUnavailable, "the connection has no TLS");
  }
  std::optional<PeerCertificate> peer_certificate() const override {
    return is_tls() ? connection_->tls()->peer_certificate() : std::nullopt;
  }
  std::string tls_description() const override {
    return is_tls() ? connection_->tls()->description() : std::string();
  }
  const Address& peer() const override { return connection_->peer(); }

 protected:
  void detach_and_flush(std::unique_ptr<Stream> self) override {
    std::exchange(connection_, nullptr)->linger();
    self.reset();
  }

 private:
  Connection* connection_;
};

}  // namespace

void Stream::close_after_flush(std::unique_ptr<Stream> stream) {
  if (stream == nullptr) return;
  Stream& target = *stream;
  target.detach_and_flush(std::move(stream));
}

std::unique_ptr<Stream> Connection::make_stream() { return std::make_unique<SocketStream>(*this); }

}  // namespace sluice::net
