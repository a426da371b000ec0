#include "stream/http_sink.h"

#include <boost/json.hpp>

#include "stream/format.h"
#include "stream/http_answer.h"
#include "stream/transport.h"

namespace sluice::stream {
namespace {

class HttpSink : public Sink {
 public:
  HttpSink(config::StreamConfig config, Source source, std::unique_ptr<HttpClient> client)
      : config_(std::move(config)), source_(std::move(source)), client_(std::move(client)) {}

  Delivery send(std::span<const Entry> batch) override {
    if (config_.format == config::StreamFormat::kOpenLineage) return send_each(batch);
    constexpr int kTooLarge = 413;
    const char* type = config_.lines ? "application/x-ndjson" : "application/json";
    for (size_t count = batch.size();; count /= 2) {
      const auto answer =
          client_->post(config_.url, {{"Content-Type", type}}, body_of(batch.first(count)));
      if (!answer) return {.error = answer.error()};
      if (answer->good()) return {.taken = count};
      if (answer->status != kTooLarge || count == 1) return refused(*answer);
    }
  }

 private:
  /// OpenLineage's API takes one event at a time.
  Delivery send_each(std::span<const Entry> batch) {
    for (size_t i = 0; i < batch.size(); ++i) {
      const auto answer =
          client_->post(config_.url, {{"Content-Type", "application/json"}},
                        boost::json::serialize(formatted(config_.format, source_, batch[i])));
      if (!answer) return {.taken = i, .error = answer.error()};
      if (answer->good()) continue;
      Delivery refusal = refused(*answer);
      refusal.taken = i;
      return refusal;
    }
    return {.taken = batch.size()};
  }

  std::string body_of(std::span<const Entry> batch) const {
    std::string out = config_.lines ? "" : "[";
    for (size_t i = 0; i < batch.size(); ++i) {
      if (i > 0 && !config_.lines) out += ",\n";
      out += boost::json::serialize(formatted(config_.format, source_, batch[i]));
      if (config_.lines) out += "\n";
    }
    return config_.lines ? out : out + "]";
  }

  config::StreamConfig config_;
  Source source_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_http_sink(const config::StreamConfig& config,
                                             const Source& source,
                                             const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN(auto client, HttpClient::create(transport_options(config), stopping));
  return std::make_unique<HttpSink>(config, source, std::move(client));
}

}  // namespace sluice::stream
