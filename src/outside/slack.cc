// Messages as Slack's incoming webhooks take them (https://api.slack.com/reference/block-kit).
// Whatever comes from people or databases is plain text or preformatted: none of it is markup.
#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"
#include "outside/message.h"

namespace sluice::outside {
namespace {

namespace json = boost::json;

/// The most that a section takes.
constexpr size_t kLongestSection = 3000;
constexpr size_t kLongestHeader = 150;

json::object plain_text(std::string_view text) {
  return {{"type", "plain_text"}, {"text", json::string(text)}, {"emoji", false}};
}

json::object section(std::string_view text) {
  return {{"type", "section"}, {"text", plain_text(utf8_prefix(text, kLongestSection))}};
}

json::object preformatted(std::string_view text) {
  json::object piece{{"type", "text"}, {"text", json::string(text)}};
  json::object element{{"type", "rich_text_preformatted"}, {"elements", json::array{piece}}};
  return {{"type", "rich_text"}, {"elements", json::array{element}}};
}

/// Where to look at it, as a link that can be followed and a command.
json::object ways_to_look(const Message& message) {
  const auto text = [](std::string words) {
    return json::object{{"type", "text"}, {"text", std::move(words)}};
  };
  json::array elements;
  if (!message.link.empty()) {
    elements.push_back(
        json::object{{"type", "link"},
                     {"url", message.link},
                     {"text", fmt::format("Open request {}", message.request->number)}});
    elements.push_back(text(" or: "));
  }
  elements.push_back(text(fmt::format("sluice approval show {}", message.request->number)));
  json::object line{{"type", "rich_text_section"}, {"elements", std::move(elements)}};
  return {{"type", "rich_text"}, {"elements", json::array{std::move(line)}}};
}

json::object button(std::string_view label, std::string_view action, std::string_view style,
                    const std::string& value) {
  json::object out{{"type", "button"}, {"text", plain_text(label)}, {"value", value}};
  out["action_id"] = action;
  out["style"] = style;
  return out;
}

/// What Slack shows in notifications is markup; it says what these three are written as.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string slack_body(const config::WebhookConfig& webhook, const Message& message) {
  const std::string head = headline(message);
  json::array blocks;
  blocks.push_back(json::object{
      {"type", "header"},
      {"text", plain_text(utf8_prefix("Sluice: " + message.notice.event, kLongestHeader))}});
  blocks.push_back(section(head));
  if (message.request) {
    const approval::Request& request = *message.request;
    if (webhook.show_text) blocks.push_back(preformatted(shown_text(request)));
    if (const auto lines = summary(request); !lines.empty())
      blocks.push_back(section(fmt::format("{}", fmt::join(lines, "\n"))));
    if (!message.missing.empty())
      blocks.push_back(section(fmt::format("Still missing: {}", fmt::join(message.missing, "; "))));
    blocks.push_back(ways_to_look(message));
    if (asks(message) && webhook.answers) {
      const std::string value = fmt::format("{}.{}", request.number, token_of(request));
      blocks.push_back(
          json::object{{"type", "actions"},
                       {"elements", json::array{button("Approve", "approve", "primary", value),
                                                button("Reject", "reject", "danger", value)}}});
    }
  }
  return json::serialize(json::object{{"text", escaped(head)}, {"blocks", std::move(blocks)}});
}

}  // namespace sluice::outside
