#include "stream/syslog_anchor.h"

#include "stream/syslog_line.h"
#include "stream/transport.h"

namespace sluice::stream {
namespace {

class SyslogAnchor : public AnchorTarget {
 public:
  SyslogAnchor(unsigned facility, std::unique_ptr<ByteConnection> connection)
      : facility_(facility), source_(this_source("", "")), connection_(std::move(connection)) {}

  Pushed push(const SignedCheckpoint& checkpoint) override {
    const auto message = syslog_checkpoint(facility_, source_, checkpoint, wall_micros());
    if (auto sent = connection_->send(syslog_frame(message)); !sent)
      return {.error = std::move(sent.error())};
    return {};
  }

 private:
  unsigned facility_;
  Source source_;
  std::unique_ptr<ByteConnection> connection_;
};

}  // namespace

Result<std::unique_ptr<AnchorTarget>> make_syslog_anchor(const config::AnchorConfig& config,
                                                         const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN(
      auto connection,
      ByteConnection::create(config.delivery.url, transport_options(config.delivery), stopping));
  return std::make_unique<SyslogAnchor>(config.delivery.facility, std::move(connection));
}

}  // namespace sluice::stream
