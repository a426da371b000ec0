#pragma once

#include "audit/record.h"
#include "base/result.h"
#include "config/streams.h"

namespace sluice::stream {

/// An error for a type that no record has.
Result<> check_filter(const config::StreamFilter& filter);

/// Whether a stream with this filter carries the record.
bool passes(const config::StreamFilter& filter, const audit::Record& record);

}  // namespace sluice::stream
