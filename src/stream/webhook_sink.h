#pragma once

#include "stream/sink.h"

namespace sluice::stream {

/// One signed POST for each record (Standard Webhooks). Any answer 2xx means that it was taken.
Result<std::unique_ptr<Sink>> make_webhook_sink(const config::StreamConfig& config,
                                                const Source& source,
                                                const std::atomic<bool>& stopping);

}  // namespace sluice::stream
