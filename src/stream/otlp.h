#pragma once

#include <span>
#include <string>

#include "stream/source.h"

namespace sluice::stream {

/// The body of a request to /v1/logs: the records as OpenTelemetry log records (OTLP/HTTP, JSON).
std::string otlp_logs(const Source& source, std::span<const Entry> entries);

/// The body of a request to /v1/traces: one span for each statement whose own comment says to which
/// trace it belongs, and that this trace is kept. Empty when there is none.
std::string otlp_traces(const Source& source, std::span<const Entry> entries);

/// How many records the receiver says it will not take, from its answer.
uint64_t otlp_rejected(std::string_view answer);

}  // namespace sluice::stream
