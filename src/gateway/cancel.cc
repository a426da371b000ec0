#include "gateway/cancel.h"

#include "base/log.h"
#include "gateway/server_connection.h"
#include "gateway/worker.h"
#include "wire/postgres/protocol.h"
#include "wire/postgres/startup.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// One cancel request under way; owns itself until it is done.
class CancelSender : public net::StreamHandler, public std::enable_shared_from_this<CancelSender> {
 public:
  CancelSender(Worker& worker, const ServerConnection& connection, std::function<void()> done)
      : database_(connection.database()),
        use_tls_(!connection.tls_description().empty()),
        done_(std::move(done)),
        deadline_(worker.reactor(), [this] { finish(); }) {
    pg::encode_cancel_request(request_, connection.process_id(), connection.cancel_secret());
  }

  void start(net::Reactor& reactor, const net::Address& address) {
    self_ = shared_from_this();
    deadline_.arm(std::chrono::seconds(10));
    pending_ = reactor.connect(address, std::chrono::seconds(5), [this](auto stream) {
      if (!stream) {
        log::warn("cannot send a cancel request: {}", stream.error().text);
        finish();
        return;
      }
      stream_ = std::move(*stream);
      stream_->set_handler(this);
      if (!use_tls_) {
        stream_->send(Bytes(request_));
        return;
      }
      std::string out;
      pg::encode_ssl_request(out);
      stream_->send(Bytes(out));
    });
  }

 private:
  void on_receive(net::Slice data) override {
    // The key goes out in clear only where the session itself is in clear.
    if (use_tls_ && !stream_->is_tls() && data.bytes() == "S") {
      stream_->start_tls_client(database_->tls(), database_->config().host, false);
    } else {
      finish();
    }
  }
  void on_secured() override { stream_->send(Bytes(request_)); }
  void on_drained() override {}
  void on_closed(const Error&) override { finish(); }

  void finish() {
    const auto self = std::exchange(self_, nullptr);
    if (!self) return;
    deadline_.cancel();
    stream_.reset();
    done_();
  }

  std::shared_ptr<Database> database_;
  bool use_tls_;
  std::string request_;
  std::function<void()> done_;
  net::Timer deadline_;
  std::unique_ptr<net::Reactor::PendingConnect> pending_;
  std::unique_ptr<net::Stream> stream_;
  std::shared_ptr<CancelSender> self_;
};

}  // namespace

void send_cancel(Worker& worker, const ServerConnection& connection, std::function<void()> done) {
  std::make_shared<CancelSender>(worker, connection, std::move(done))
      ->start(worker.reactor(), connection.peer());
}

}  // namespace sluice::gateway
