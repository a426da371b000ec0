#pragma once

#include <memory>
#include <optional>

#include "approval/desk.h"
#include "control/http_server.h"
#include "gateway/gateway.h"
#include "outside/answer.h"
#include "outside/tellers.h"
#include "store/state.h"

namespace sluice::control {

/// Answers to requests that come signed from outside (docs/approvals.md, "Webhooks"):
///
///   POST /api/v1/approvals/answers/NAME      NAME: of a webhook that takes answers
///
/// The signature proves where it comes from; who decides is the user whose attribute names the
/// person, and may do no more than on any other way. What is refused although it is signed goes on
/// the record.
class AnswerApi {
 public:
  AnswerApi(gateway::Gateway& gateway, approval::Desk& desk, const outside::Tellers& webhooks,
            store::Opener open_store)
      : gateway_(gateway), desk_(desk), webhooks_(webhooks), open_store_(std::move(open_store)) {}

  /// Nothing: not a path of this part. Of one thread.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse take(const config::WebhookConfig& webhook, const HttpRequest& request);
  Result<approval::Request> decide(const config::WebhookConfig& webhook,
                                   const outside::Answer& answer);
  Result<store::Database*> database();

  gateway::Gateway& gateway_;
  approval::Desk& desk_;
  const outside::Tellers& webhooks_;
  store::Opener open_store_;
  std::unique_ptr<store::Database> database_;
};

}  // namespace sluice::control
