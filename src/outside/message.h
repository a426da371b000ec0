#pragma once

#include <optional>
#include <string>
#include <vector>

#include "approval/request.h"
#include "config/webhooks.h"
#include "store/notices.h"

namespace sluice::outside {

/// One thing to tell, with all that may be said of it.
struct Message {
  std::string id;  ///< the same on every try, and no other message's of any installation
  store::Notice notice;
  std::optional<approval::Request> request;  ///< as it is now; nothing: it is of none
  std::vector<std::string> missing;          ///< what its approval still takes
  std::string link;  ///< the request in the console; empty: nobody has said where that is
};

/// Whether a webhook is to be told. What is of no request (break_glass) is kept back by `events`
/// alone.
bool wanted(const config::WebhookConfig& webhook, const Message& message);

/// What whoever answers names beside the number: an answer is for what was shown, and for nothing
/// else that ever bears the number.
std::string token_of(const approval::Request& request);

/// The body in the webhook's format. Never with values of parameters or with passwords; with the
/// statement's text only where `show_text`.
std::string body_of(const config::WebhookConfig& webhook, const Message& message);

// What the formats have in common.

/// One line: what has happened.
std::string headline(const Message& message);
/// What it does to what, how large that is, what lint finds: a line each.
std::vector<std::string> summary(const approval::Request& request);
/// The statement as it may be shown, not too long.
std::string shown_text(const approval::Request& request);
/// Whether it makes sense to offer buttons.
bool asks(const Message& message);

std::string slack_body(const config::WebhookConfig& webhook, const Message& message);
std::string teams_body(const config::WebhookConfig& webhook, const Message& message);

}  // namespace sluice::outside
