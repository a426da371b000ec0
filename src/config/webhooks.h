#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/secret.h"
#include "config/streams.h"

namespace sluice::config {

/// How a webhook says what it has to say.
enum class WebhookFormat : uint8_t {
  kJson,   ///< signed as Standard Webhooks has it
  kSlack,  ///< blocks, with buttons where answers are taken
  kTeams,  ///< an Adaptive Card
};

/// One entry of `webhooks`: who is told of requests, and may answer (docs/approvals.md).
struct WebhookConfig {
  std::string name;
  WebhookFormat format = WebhookFormat::kJson;
  std::vector<std::string> events;        ///< which are told; empty: all
  std::vector<std::string> groups;        ///< only requests that these decide on; empty: all
  std::vector<std::string> rules;         ///< only requests of these rules; empty: all
  std::vector<std::string> databases;     ///< only requests at these; empty: all
  std::vector<std::string> environments;  ///< only requests in these; empty: all
  bool show_text = false;                 ///< the statement, without its secrets; else what it does
  SecretString url;                       ///< whoever knows it may write there
  SecretString secret;                    ///< signs what is sent and what is answered
  bool answers = false;                   ///< taken at /api/v1/approvals/answers/NAME
  std::string person_attribute;           ///< of users: who they are where they answer
  Duration give_up = std::chrono::hours(6);  ///< after so long a message is not tried again
  /// tls, headers, authorization, timeout and waits between tries, as streams have them; its url is
  /// empty.
  StreamConfig delivery;

  /// Scheme and host: what of the url is no secret.
  std::string target() const;
};

/// "json", "slack", "teams".
const char* name_of(WebhookFormat format);

}  // namespace sluice::config
