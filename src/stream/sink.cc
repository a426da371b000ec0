#include "stream/sink.h"

#include "stream/file_sink.h"
#include "stream/http_sink.h"
#include "stream/nats_sink.h"
#include "stream/otlp_sink.h"
#include "stream/syslog_sink.h"
#include "stream/webhook_sink.h"

namespace sluice::stream {

Result<std::unique_ptr<Sink>> make_sink(const config::StreamConfig& config, const Source& source,
                                        const std::atomic<bool>& stopping) {
  switch (config.type) {
    case config::StreamType::kFile:
      return make_file_sink(config, source);
    case config::StreamType::kHttp:
      return make_http_sink(config, source, stopping);
    case config::StreamType::kSyslog:
      return make_syslog_sink(config, source, stopping);
    case config::StreamType::kNats:
      return make_nats_sink(config, source, stopping);
    case config::StreamType::kOtlp:
      return make_otlp_sink(config, source, stopping);
    case config::StreamType::kWebhook:
      return make_webhook_sink(config, source, stopping);
  }
  return fail(ErrorCode::kInternal, "a stream of unknown type");
}

}  // namespace sluice::stream
