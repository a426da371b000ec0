// Messages as Microsoft Teams' workflows take them: an Adaptive Card in an attachment
// (https://adaptivecards.io). Text blocks read Markdown; runs of a rich text block do not, so that
// whatever comes from people or databases stands in those.
#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "outside/message.h"

namespace sluice::outside {
namespace {

namespace json = boost::json;

json::object runs(std::string_view text, bool code = false) {
  json::object run{{"type", "TextRun"}, {"text", json::string(text)}};
  if (code) run["fontType"] = "Monospace";
  return {{"type", "RichTextBlock"}, {"inlines", json::array{std::move(run)}}};
}

json::object title(std::string_view text) {
  return {{"type", "TextBlock"},
          {"text", json::string(text)},
          {"weight", "Bolder"},
          {"size", "Medium"},
          {"wrap", true}};
}

/// What the workflow that posts the card gets, and signs as an answer with who pressed it.
json::object button(std::string_view label, std::string_view verdict,
                    const approval::Request& request) {
  json::object data{
      {"request", request.number}, {"token", token_of(request)}, {"verdict", verdict}};
  return {{"type", "Action.Submit"}, {"title", label}, {"data", std::move(data)}};
}

}  // namespace

std::string teams_body(const config::WebhookConfig& webhook, const Message& message) {
  json::array body;
  // The words of an event are the gateway's own.
  std::string event = message.notice.event;
  for (char& c : event) c = c == '_' ? ' ' : c;
  body.push_back(title("Sluice: " + event));
  body.push_back(runs(headline(message)));
  if (message.request) {
    const approval::Request& request = *message.request;
    if (webhook.show_text) body.push_back(runs(shown_text(request), true));
    for (const auto& line : summary(request)) body.push_back(runs(line));
    if (!message.missing.empty())
      body.push_back(runs(fmt::format("Still missing: {}", fmt::join(message.missing, "; "))));
    body.push_back(runs(fmt::format("sluice approval show {}", request.number)));
  }
  json::object card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                    {"type", "AdaptiveCard"},
                    {"version", "1.4"},
                    {"body", std::move(body)}};
  json::array actions;
  if (message.request && webhook.answers && asks(message)) {
    actions.push_back(button("Approve", "approve", *message.request));
    actions.push_back(button("Reject", "reject", *message.request));
  }
  if (!message.link.empty()) {
    actions.push_back(json::object{
        {"type", "Action.OpenUrl"}, {"title", "Open in Sluice"}, {"url", message.link}});
  }
  if (!actions.empty()) card["actions"] = std::move(actions);
  json::object attachment{{"contentType", "application/vnd.microsoft.card.adaptive"},
                          {"contentUrl", nullptr},
                          {"content", std::move(card)}};
  return json::serialize(
      json::object{{"type", "message"}, {"attachments", json::array{std::move(attachment)}}});
}

}  // namespace sluice::outside
