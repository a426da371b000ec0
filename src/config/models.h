#pragma once

#include <string>

#include "base/secret.h"
#include "config/streams.h"

namespace sluice::config {

/// One entry of `models`: a model's API that agents reach through the gateway (docs/agents.md).
struct ModelConfig {
  std::string name;          ///< part of the path: /models/NAME/v1/…
  bool anthropic = false;    ///< the form of its API; else OpenAI's
  std::string url;           ///< asked there, without /v1 at its end
  SecretString key;          ///< shown there; empty: nothing is
  bool masking = true;       ///< what is sensitive in what is sent is masked
  bool attachments = false;  ///< let images and files through, into which nobody looks
  /// tls, headers and timeout; its url is empty.
  StreamConfig delivery;
};

}  // namespace sluice::config
