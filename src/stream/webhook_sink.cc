#include "stream/webhook_sink.h"

#include <vector>

#include "stream/http_answer.h"
#include "stream/transport.h"
#include "stream/webhook.h"

namespace sluice::stream {
namespace {

class WebhookSink : public Sink {
 public:
  WebhookSink(config::StreamConfig config, Source source, std::vector<SecretString> keys,
              std::unique_ptr<HttpClient> client)
      : config_(std::move(config)),
        source_(std::move(source)),
        keys_(std::move(keys)),
        client_(std::move(client)) {}

  Delivery send(std::span<const Entry> batch) override {
    size_t taken = 0;
    for (; taken < batch.size(); ++taken) {
      const Entry& entry = batch[taken];
      const std::string body = webhook_body(config_.format, source_, entry);
      auto headers = webhook_headers(keys_, entry.uid, wall_micros() / 1'000'000, body);
      headers["Content-Type"] = "application/json";
      const auto answer = client_->post(config_.url, headers, body);
      if (!answer) return {.taken = taken, .error = answer.error()};
      if (!answer->good()) {
        Delivery delivery = refused(*answer);
        delivery.taken = taken;
        return delivery;
      }
    }
    return {.taken = taken};
  }

 private:
  config::StreamConfig config_;
  Source source_;
  std::vector<SecretString> keys_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_webhook_sink(const config::StreamConfig& config,
                                                const Source& source,
                                                const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN(auto keys, webhook_keys(config.secret));
  SLUICE_ASSIGN(auto client, HttpClient::create(transport_options(config), stopping));
  return std::make_unique<WebhookSink>(config, source, std::move(keys), std::move(client));
}

}  // namespace sluice::stream
