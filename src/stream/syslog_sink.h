#pragma once

#include "stream/sink.h"

namespace sluice::stream {

/// RFC 5424 messages over TCP or TLS. The protocol has no answers: a batch counts as taken when the
/// peer's kernel has acknowledged its bytes and the connection still stands.
Result<std::unique_ptr<Sink>> make_syslog_sink(const config::StreamConfig& config,
                                               const Source& source,
                                               const std::atomic<bool>& stopping);

}  // namespace sluice::stream
