#pragma once

#include <string>

#include "base/secret.h"
#include "config/streams.h"

namespace sluice::config {

/// One entry of `tickets`: a system that says in which state a ticket is (docs/approvals.md).
struct TicketSystemConfig {
  std::string name;     ///< as `ticket.system` names it
  SecretString url;     ///< asked there
  SecretString secret;  ///< signs the question and the answer
  /// tls, headers, authorization and timeout; its url is empty.
  StreamConfig delivery;
};

}  // namespace sluice::config
