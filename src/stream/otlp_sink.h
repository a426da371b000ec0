#pragma once

#include "stream/sink.h"

namespace sluice::stream {

/// Log records to /v1/logs and spans to /v1/traces of an OpenTelemetry receiver, over HTTP as JSON.
Result<std::unique_ptr<Sink>> make_otlp_sink(const config::StreamConfig& config,
                                             const Source& source,
                                             const std::atomic<bool>& stopping);

}  // namespace sluice::stream
