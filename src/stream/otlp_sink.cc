#include "stream/otlp_sink.h"

#include <utility>

#include "stream/http_answer.h"
#include "stream/otlp.h"
#include "stream/transport.h"

namespace sluice::stream {
namespace {

/// The place of a signal behind the configured base address.
std::string endpoint(std::string base, const char* path) {
  while (base.ends_with('/')) base.pop_back();
  return base + path;
}

class OtlpSink : public Sink {
 public:
  OtlpSink(config::StreamConfig config, Source source, std::unique_ptr<HttpClient> client)
      : config_(std::move(config)), source_(std::move(source)), client_(std::move(client)) {}

  Delivery send(std::span<const Entry> batch) override {
    Delivery delivery;
    // A receiver that takes the logs and not the spans must not get the same logs with each try.
    const std::string those = batch.front().uid + " " + batch.back().uid;
    if (config_.logs && logs_of_ != those) {
      rejected_ = 0;
      if (!post(endpoint(config_.url, "/v1/logs"), otlp_logs(source_, batch), delivery))
        return delivery;
      logs_of_ = those;
    }
    const std::string traces = config_.traces ? otlp_traces(source_, batch) : "";
    if (!traces.empty() && !post(endpoint(config_.url, "/v1/traces"), traces, delivery))
      return delivery;
    delivery.taken = batch.size();
    delivery.rejected = std::exchange(rejected_, 0);
    return delivery;
  }

 private:
  /// False: `delivery` says why not.
  bool post(const std::string& url, const std::string& body, Delivery& delivery) {
    const auto answer = client_->post(url, {{"Content-Type", "application/json"}}, body);
    if (!answer) {
      delivery = {.error = answer.error()};
      return false;
    }
    if (!answer->good()) {
      delivery = refused(*answer);
      return false;
    }
    // Partial success: the specification forbids to send the rejected ones again.
    rejected_ += otlp_rejected(answer->body);
    return true;
  }

  config::StreamConfig config_;
  Source source_;
  std::unique_ptr<HttpClient> client_;
  std::string logs_of_;  ///< the batch of which the receiver has the logs
  size_t rejected_ = 0;  ///< of the batch under way
};

}  // namespace

Result<std::unique_ptr<Sink>> make_otlp_sink(const config::StreamConfig& config,
                                             const Source& source,
                                             const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN(auto client, HttpClient::create(transport_options(config), stopping));
  return std::make_unique<OtlpSink>(config, source, std::move(client));
}

}  // namespace sluice::stream
