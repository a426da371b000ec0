#pragma once

#include "config/streams.h"
#include "http/transport.h"

namespace sluice::stream {

using http::ByteConnection;
using http::HttpAnswer;
using http::HttpClient;

/// How a receiver is reached.
inline http::Options transport_options(const config::StreamConfig& config) {
  return {.tls = {config.tls.ca, config.tls.certificate, config.tls.key},
          .headers = config.headers,
          .authorization = config.authorization,
          .timeout = config.timeout};
}

}  // namespace sluice::stream
