#include "stream/syslog_sink.h"

#include "stream/syslog_line.h"
#include "stream/transport.h"

namespace sluice::stream {
namespace {

class SyslogSink : public Sink {
 public:
  SyslogSink(config::StreamConfig config, Source source, std::unique_ptr<ByteConnection> connection)
      : config_(std::move(config)),
        source_(std::move(source)),
        connection_(std::move(connection)) {}

  Delivery send(std::span<const Entry> batch) override {
    std::string bytes;
    for (const auto& entry : batch) bytes += syslog_frame(syslog_message(config_, source_, entry));
    if (auto sent = connection_->send(bytes); !sent) return {.error = std::move(sent.error())};
    return {.taken = batch.size()};
  }

 private:
  config::StreamConfig config_;
  Source source_;
  std::unique_ptr<ByteConnection> connection_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_syslog_sink(const config::StreamConfig& config,
                                               const Source& source,
                                               const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN(auto connection,
                ByteConnection::create(config.url, transport_options(config), stopping));
  return std::make_unique<SyslogSink>(config, source, std::move(connection));
}

}  // namespace sluice::stream
