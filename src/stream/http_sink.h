#pragma once

#include "stream/sink.h"

namespace sluice::stream {

/// A batch is the body of one POST: a JSON array, or JSON lines. Any answer 2xx means that all was
/// taken; a body that is too large for the receiver (413) is halved.
Result<std::unique_ptr<Sink>> make_http_sink(const config::StreamConfig& config,
                                             const Source& source,
                                             const std::atomic<bool>& stopping);

}  // namespace sluice::stream
