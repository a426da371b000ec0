#pragma once

#include <string>

#include "config/streams.h"
#include "http/webhook_signature.h"
#include "stream/source.h"

namespace sluice::stream {

/// The body of a webhook: {"type": "sluice.statement", "timestamp": …, "data": the record}.
std::string webhook_body(config::StreamFormat format, const Source& source, const Entry& entry);

using http::webhook_headers;
using http::webhook_key;
using http::webhook_keys;

}  // namespace sluice::stream
