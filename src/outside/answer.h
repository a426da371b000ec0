#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "approval/request.h"
#include "base/bytes.h"
#include "base/result.h"
#include "config/webhooks.h"
#include "identity/directory.h"

namespace sluice::outside {

/// The headers of a request that prove who has sent it; empty: not there.
struct AnswerHeaders {
  std::string_view webhook_id, webhook_timestamp, webhook_signature;
  std::string_view slack_timestamp, slack_signature;
};

/// What somebody says to a request from outside.
struct Answer {
  std::string id;       ///< what it is known by, so that it is taken once
  int64_t request = 0;  ///< its number
  std::string token;    ///< token_of the request that it is for
  approval::Verdict verdict = approval::Verdict::kComment;
  std::string person;  ///< who they are there: a value of `person_attribute`
  std::string comment;
  std::optional<uint64_t> max_rows;
};

/// Longer bodies are no answers.
inline constexpr size_t kLongestAnswer = 64 << 10;

/// Slack's interactivity request: a form with one field, `payload`, of JSON. Everything in it is
/// the sender's word; `id` is empty. kInvalidInput.
Result<Answer> parse_slack_answer(Bytes body);
/// {"request": 12, "token": "…", "verdict": "approve", "person": "…", "comment": "…",
/// "max_rows": 50}. The same.
Result<Answer> parse_json_answer(Bytes body);

/// An answer to `webhook` that is signed with its secret, now. kAuthentication where it is not,
/// kDenied where no answers are taken, kInvalidInput for a signed one that says nothing. Whether
/// its id has been taken before is for the caller to find out.
Result<Answer> read_answer(const config::WebhookConfig& webhook, const AnswerHeaders& headers,
                           Bytes body, int64_t now_micros);

/// The one user whose attribute names this person. kDenied for nobody, somebody who is disabled,
/// and for more than one.
Result<const identity::User*> find_person(const identity::Directory& directory,
                                          const std::string& attribute, const std::string& person);

}  // namespace sluice::outside
