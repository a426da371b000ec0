#include "outside/message.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "sql/redact.h"

namespace sluice::outside {
namespace {

namespace json = boost::json;

constexpr size_t kLongestText = 2000;
constexpr size_t kLongestWord = 500;
/// More than this nobody reads in a chat.
constexpr size_t kMostLines = 12;

bool among(const std::vector<std::string>& list, const std::string& text) {
  return list.empty() || std::find(list.begin(), list.end(), text) != list.end();
}

std::string cut(std::string_view text, size_t most) {
  std::string out(utf8_prefix(text, most));
  return out.size() < text.size() ? out + "…" : out;
}

/// The text of a field of a brief, or "".
std::string text_in(const json::value& object, std::string_view name) {
  const auto* value = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

const json::array& list_in(const json::value& object, std::string_view name) {
  static const json::array kNothing;
  const auto* value = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_array() ? value->get_array() : kNothing;
}

/// What one statement does: of a brief (approval/brief.h).
void add_facts(const json::value& facts, std::vector<std::string>& out) {
  for (const auto& action : list_in(facts, "actions")) {
    std::string line = text_in(action, "do");
    for (const char* name : {"object_kind", "object"}) {
      if (const auto text = text_in(action, name); !text.empty()) line += " " + text;
    }
    if (text_in(action, "without_where") == "true") line += ", every row";
    if (text_in(action, "cascade") == "true") line += ", with all that depends on it";
    out.push_back(std::move(line));
  }
  for (const auto& table : list_in(facts, "tables")) {
    const auto rows = text_in(table, "rows");
    out.push_back(fmt::format("{} has {} rows", text_in(table, "name"),
                              rows.empty() ? "an unknown number of" : rows));
  }
  if (const auto rows = text_in(facts, "estimated_rows"); !rows.empty())
    out.push_back(fmt::format("the planner expects {} rows", rows));
  if (const auto* run = facts.is_object() ? facts.get_object().if_contains("dry_run") : nullptr) {
    if (const auto rows = text_in(*run, "rows"); !rows.empty())
      out.push_back(fmt::format("a dry run changed {} rows", rows));
  }
  for (const auto& finding : list_in(facts, "lint")) {
    out.push_back(
        fmt::format("lint, {}: {}", text_in(finding, "severity"), text_in(finding, "message")));
  }
}

json::array texts(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& text : list) out.push_back(json::string(to_printable_utf8(text)));
  return out;
}

json::object request_of(const config::WebhookConfig& webhook, const Message& message) {
  const approval::Request& request = *message.request;
  json::array rules;
  for (const auto& need : request.needs) rules.push_back(json::string(need.rule));
  json::object out{{"number", request.number},
                   {"token", token_of(request)},
                   {"state", approval::name_of(request.state)},
                   {"requester", to_printable_utf8(request.subject.requester)},
                   {"kind", request.requester_kind},
                   {"database", request.subject.database},
                   {"environment", request.environment},
                   {"rules", std::move(rules)},
                   {"created", format_time(request.created_micros)},
                   {"expires", format_time(request.expires_micros)},
                   {"missing", texts(message.missing)},
                   {"summary", texts(summary(request))}};
  if (!message.link.empty()) out["link"] = message.link;
  if (request.max_rows) out["max_rows"] = *request.max_rows;
  if (webhook.show_text) out["statement"] = shown_text(request);
  return out;
}

std::string json_body(const config::WebhookConfig& webhook, const Message& message) {
  const store::Notice& notice = message.notice;
  json::object data{{"event", notice.event},
                    {"actor", to_printable_utf8(notice.actor)},
                    {"message", to_printable_utf8(notice.message)}};
  if (message.request) data["request"] = request_of(webhook, message);
  return json::serialize(json::object{{"type", "sluice.approval." + notice.event},
                                      {"timestamp", format_time(notice.time_micros)},
                                      {"data", std::move(data)}});
}

}  // namespace

bool wanted(const config::WebhookConfig& webhook, const Message& message) {
  if (!among(webhook.events, message.notice.event)) return false;
  if (!message.request) return message.notice.request == 0;
  const approval::Request& request = *message.request;
  if (!among(webhook.databases, request.subject.database) ||
      !among(webhook.environments, request.environment))
    return false;
  const auto by_rule = [&](const approval::Need& need) {
    if (!among(webhook.rules, need.rule)) return false;
    return webhook.groups.empty() ||
           std::any_of(need.stages.begin(), need.stages.end(), [&](const auto& stage) {
             const auto groups = stage.groups_ever();
             return std::any_of(groups.begin(), groups.end(),
                                [&](const auto& group) { return among(webhook.groups, group); });
           });
  };
  return std::any_of(request.needs.begin(), request.needs.end(), by_rule);
}

std::string token_of(const approval::Request& request) {
  constexpr size_t kEnough = 32;
  return approval::digest(request.subject, {}, request.created_micros).substr(0, kEnough);
}

std::string headline(const Message& message) {
  const store::Notice& notice = message.notice;
  const std::string actor = cut(to_printable_utf8(notice.actor), kLongestWord);
  const std::string said = cut(to_printable_utf8(notice.message), kLongestWord);
  if (!message.request) return fmt::format("{}: {}", actor, said);
  const approval::Request& request = *message.request;
  const std::string what = fmt::format("request {} of {} at {} ({})", request.number,
                                       to_printable_utf8(request.subject.requester),
                                       request.subject.database, request.environment);
  if (notice.event == "asked") return fmt::format("{} waits for approval", what);
  if (notice.event == "voted") return fmt::format("{}: {} {}", what, actor, said);
  return fmt::format("{}: {}{}{}{}", what, notice.event,
                     actor.empty() || actor == "sluice" ? "" : " by " + actor,
                     said.empty() ? "" : ": ", said);
}

std::vector<std::string> summary(const approval::Request& request) {
  std::vector<std::string> out;
  json::error_code error;
  const json::value brief = json::parse(request.brief, error);
  if (error) return out;
  if (auto why = text_in(brief, "why"); !why.empty()) out.push_back(std::move(why));
  // Of a change, what was said when it was submitted; of a statement, in its comment's tags.
  const auto* change = brief.is_object() ? brief.get_object().if_contains("change") : nullptr;
  for (const char* name : {"reason", "ticket"}) {
    if (auto said = text_in(change != nullptr ? *change : brief, name); !said.empty())
      out.push_back(fmt::format("{}: {}", name, said));
  }
  add_facts(brief, out);
  for (const auto& step : list_in(brief, "steps")) {
    const auto* facts = step.is_object() ? step.get_object().if_contains("facts") : nullptr;
    if (facts == nullptr) continue;
    std::vector<std::string> lines;
    add_facts(*facts, lines);
    out.push_back(fmt::format("{} step {} on {}: {}", text_in(step, "part"), text_in(step, "step"),
                              text_in(step, "database"), fmt::join(lines, "; ")));
  }
  const size_t all = out.size();
  if (all > kMostLines) {
    out.resize(kMostLines);
    out.push_back(fmt::format("and {} lines more: sluice approval show {}", all - kMostLines,
                              request.number));
  }
  for (auto& line : out) line = cut(to_printable_utf8(line), kLongestWord);
  return out;
}

std::string shown_text(const approval::Request& request) {
  return cut(to_printable_utf8(sql::redact(request.subject.statement)), kLongestText);
}

bool asks(const Message& message) {
  return message.request && message.request->state == approval::State::kWaiting &&
         message.notice.event != "run";
}

std::string body_of(const config::WebhookConfig& webhook, const Message& message) {
  switch (webhook.format) {
    case config::WebhookFormat::kSlack:
      return slack_body(webhook, message);
    case config::WebhookFormat::kTeams:
      return teams_body(webhook, message);
    case config::WebhookFormat::kJson:
      break;
  }
  return json_body(webhook, message);
}

}  // namespace sluice::outside
