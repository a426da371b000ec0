#include "control/answer_api.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "control/approval_api.h"
#include "control/body.h"
#include "outside/message.h"

namespace sluice::control {
namespace {

constexpr std::string_view kPath = "/api/v1/approvals/answers/";
/// For how long answers are remembered: longer than a signed time may be away from ours, on either
/// side.
constexpr int64_t kRememberedMicros = int64_t{15} * 60 * 1'000'000;

outside::AnswerHeaders headers_of(const HttpRequest& request) {
  return {request.header("webhook-id"), request.header("webhook-timestamp"),
          request.header("webhook-signature"), request.header("x-slack-request-timestamp"),
          request.header("x-slack-signature")};
}

}  // namespace

std::optional<HttpResponse> AnswerApi::answer(const HttpRequest& request) {
  if (!request.path.starts_with(kPath)) return std::nullopt;
  if (request.method != "POST") return problem(405, "only POST is allowed");
  const auto webhook = webhooks_.find(std::string_view(request.path).substr(kPath.size()));
  if (!webhook || !webhook->answers) return problem(404, "no answers are taken here");
  if (request.body.size() > outside::kLongestAnswer) return problem(413, "the answer is too long");
  return take(*webhook, request);
}

HttpResponse AnswerApi::take(const config::WebhookConfig& webhook, const HttpRequest& request) {
  const int64_t now = wall_micros();
  const auto answer = outside::read_answer(webhook, headers_of(request), request.body, now);
  if (!answer) {
    // Anybody can send that: it is not worth a record.
    if (answer.error().code != ErrorCode::kAuthentication) return failed(answer.error());
    log::warn("webhook {}: an answer from {} is not believed: {}", webhook.name, request.peer,
              answer.error().text);
    return problem(401, "the answer is not believed", answer.error().text);
  }
  const auto store = database();
  if (!store) return failed(store.error());
  const auto first =
      store::take_answer(**store, webhook.name, answer->id, now, now - kRememberedMicros);
  if (!first) {
    database_.reset();
    return failed(first.error());
  }
  const auto decided = *first ? decide(webhook, *answer)
                              : Result<approval::Request>(
                                    fail(ErrorCode::kExists, "this answer has been given before"));
  if (decided) {
    return json_response(200, boost::json::object{{"request", decided->number},
                                                  {"state", approval::name_of(decided->state)}});
  }
  // It has not been decided on, and can be sent again.
  const auto code = decided.error().code;
  if (code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout || code == ErrorCode::kIo) {
    if (!store::give_back_answer(**store, webhook.name, answer->id)) database_.reset();
    return failed(decided.error());
  }
  const auto recorded =
      store::leave_event(**store, "approval", fmt::format("webhook {}", webhook.name),
                         fmt::format("request {}: {} of {}={} is refused: {}", answer->request,
                                     approval::name_of(answer->verdict), webhook.person_attribute,
                                     answer->person, decided.error().text));
  if (!recorded) {
    database_.reset();
    return failed(recorded.error());
  }
  return failed(decided.error());
}

/// What it is worth is what the person could do themselves.
Result<approval::Request> AnswerApi::decide(const config::WebhookConfig& webhook,
                                            const outside::Answer& answer) {
  const auto directory = gateway_.directory();
  SLUICE_ASSIGN(const identity::User* user,
                outside::find_person(*directory, webhook.person_attribute, answer.person));
  SLUICE_ASSIGN(const auto request, desk_.find(answer.request));
  if (!may_see(request, *directory, {user->name})) {
    return fail(ErrorCode::kDenied,
                fmt::format("\"{}\" neither asked for it nor is asked to decide", user->name));
  }
  if (answer.token != outside::token_of(request))
    return fail(ErrorCode::kDenied, "the answer is for another request of that number");
  approval::Vote vote{
      user->name, answer.verdict, answer.comment,
      fmt::format("webhook {}, {}={}", webhook.name, webhook.person_attribute, answer.person)};
  vote.max_rows = answer.max_rows;
  return desk_.vote(answer.request, std::move(vote));
}

Result<store::Database*> AnswerApi::database() {
  if (!database_) {
    SLUICE_ASSIGN(auto opened, open_store_());
    database_ = std::make_unique<store::Database>(std::move(opened));
  }
  return database_.get();
}

}  // namespace sluice::control
