#include "outside/answer.h"

#include <charconv>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/hash.h"
#include "http/webhook_signature.h"

namespace sluice::outside {
namespace {

namespace json = boost::json;

tl::unexpected<Error> bad(std::string text) {
  return fail(ErrorCode::kInvalidInput, std::move(text));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// A value of application/x-www-form-urlencoded.
std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

/// Member `name`; null if there is none.
const json::value* member(const json::value* object, std::string_view name) {
  if (object == nullptr || !object->is_object()) return nullptr;
  return object->get_object().if_contains(name);
}

/// A text of at most `most` bytes; "" for anything else.
std::string text_of(const json::value* value, size_t most = 200) {
  if (value == nullptr || !value->is_string() || value->get_string().size() > most) return {};
  return std::string(value->get_string());
}

Result<json::value> parsed(std::string_view text) {
  json::error_code error;
  auto value = json::parse(text, error);
  if (error || !value.is_object()) return bad("the answer is no JSON object");
  return value;
}

Result<int64_t> number_of(std::string_view text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number < 1) return bad("the answer names no request");
  return number;
}

Result<> check(const Answer& answer) {
  if (answer.person.empty()) return bad("the answer does not say who gives it");
  if (answer.token.empty()) return bad("the answer lacks the token of the request");
  return {};
}

}  // namespace

Result<Answer> parse_slack_answer(Bytes body) {
  constexpr std::string_view kField = "payload=";
  if (body.size() > kLongestAnswer) return bad("the answer is too long");
  if (!body.starts_with(kField) || body.find('&') != Bytes::npos)
    return bad("expected a form with the field payload and no other");
  const auto text = unescaped(body.substr(kField.size()));
  if (!text) return bad("the form is not encoded as forms are");
  SLUICE_ASSIGN(const json::value payload, parsed(*text));
  if (text_of(member(&payload, "type")) != "block_actions")
    return bad("expected a payload of type block_actions");
  const json::value* actions = member(&payload, "actions");
  if (actions == nullptr || !actions->is_array() || actions->get_array().size() != 1)
    return bad("expected one action");
  const json::value& action = actions->get_array().front();
  Answer out;
  const auto verdict = approval::find_verdict(text_of(member(&action, "action_id")));
  if (!verdict || *verdict == approval::Verdict::kComment)
    return bad("expected the action approve or reject");
  out.verdict = *verdict;
  const std::string value = text_of(member(&action, "value"));
  const size_t dot = value.find('.');
  SLUICE_ASSIGN(out.request, number_of(std::string_view(value).substr(0, dot)));
  if (dot != std::string::npos) out.token = value.substr(dot + 1);
  out.person = text_of(member(member(&payload, "user"), "id"));
  SLUICE_TRY(check(out));
  return out;
}

Result<Answer> parse_json_answer(Bytes body) {
  if (body.size() > kLongestAnswer) return bad("the answer is too long");
  SLUICE_ASSIGN(const json::value answer, parsed(body));
  Answer out;
  const json::value* number = member(&answer, "request");
  if (number == nullptr || !number->is_int64() || number->get_int64() < 1)
    return bad("the answer names no request");
  out.request = number->get_int64();
  const auto verdict = approval::find_verdict(text_of(member(&answer, "verdict")));
  if (!verdict) return bad("the verdict is approve, reject or comment");
  out.verdict = *verdict;
  out.token = text_of(member(&answer, "token"));
  out.person = text_of(member(&answer, "person"));
  constexpr size_t kLongestComment = 2000;
  out.comment = text_of(member(&answer, "comment"), kLongestComment);
  if (const json::value* rows = member(&answer, "max_rows")) {
    if (out.verdict != approval::Verdict::kApprove || !rows->is_int64() || rows->get_int64() < 0)
      return bad("max_rows is a number of rows that is approved");
    out.max_rows = static_cast<uint64_t>(rows->get_int64());
  }
  SLUICE_TRY(check(out));
  return out;
}

Result<Answer> read_answer(const config::WebhookConfig& webhook, const AnswerHeaders& headers,
                           Bytes body, int64_t now_micros) {
  if (!webhook.answers || webhook.secret.empty())
    return fail(ErrorCode::kDenied, "no answers are taken here");
  if (webhook.format == config::WebhookFormat::kSlack) {
    SLUICE_TRY(http::check_slack(webhook.secret, headers.slack_timestamp, headers.slack_signature,
                                 body, now_micros));
    SLUICE_ASSIGN(auto answer, parse_slack_answer(body));
    // There is no id; the signature stands for time and body.
    const auto digest = sha256(headers.slack_signature);
    answer.id = to_hex({digest.data(), digest.size()});
    return answer;
  }
  SLUICE_ASSIGN(const auto key, http::webhook_key(webhook.secret));
  SLUICE_TRY(http::check_webhook(
      key, {headers.webhook_id, headers.webhook_timestamp, headers.webhook_signature}, body,
      now_micros));
  SLUICE_ASSIGN(auto answer, parse_json_answer(body));
  const auto digest = sha256(headers.webhook_id);
  answer.id = to_hex({digest.data(), digest.size()});
  return answer;
}

Result<const identity::User*> find_person(const identity::Directory& directory,
                                          const std::string& attribute, const std::string& person) {
  const identity::User* found = nullptr;
  for (const identity::User& user : directory.users()) {
    const auto value = user.attributes.find(attribute);
    if (value == user.attributes.end() || value->second != person) continue;
    if (found != nullptr) {
      return fail(ErrorCode::kDenied,
                  fmt::format("more than one user has the attribute {}={}", attribute, person));
    }
    found = &user;
  }
  if (found == nullptr) {
    return fail(ErrorCode::kDenied,
                fmt::format("no user has the attribute {}={}; give it with: sluice user set NAME "
                            "--attribute {}={}",
                            attribute, person, attribute, person));
  }
  if (found->disabled)
    return fail(ErrorCode::kDenied, fmt::format("user \"{}\" is disabled", found->name));
  return found;
}

}  // namespace sluice::outside
