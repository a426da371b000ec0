#pragma once

#include "stream/sink.h"

namespace sluice::stream {

/// A JetStream publication for each record, with its uid as Nats-Msg-Id. Taken is what the server
/// has acknowledged.
Result<std::unique_ptr<Sink>> make_nats_sink(const config::StreamConfig& config,
                                             const Source& source,
                                             const std::atomic<bool>& stopping);

}  // namespace sluice::stream
