#include "policy/conditions.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "policy/authentication_age.h"
#include "policy/match.h"

namespace sluice::policy {
namespace {

/// Members of a JSON object, one after the other.
class Members {
 public:
  void add(std::string_view key, const std::string& value) {
    text_ += fmt::format("{}\"{}\":{}", text_.empty() ? "" : ",", key, value);
  }
  void words(std::string_view key, std::string_view value) { add(key, json_quoted(value)); }
  void flag(std::string_view key, bool value) { add(key, value ? "true" : "false"); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string range_json(const Range& range, std::optional<double> value) {
  Members out;
  out.add("is", value ? fmt::format("{:.0f}", *value) : "null");
  if (range.more_than) out.add("more_than", fmt::format("{:.0f}", *range.more_than));
  if (range.at_most) out.add("at_most", fmt::format("{:.0f}", *range.at_most));
  return "{" + out.take() + "}";
}

std::string age_json(const When& when, const Circumstances& now) {
  const auto seconds = [](Duration value) {
    return fmt::format("{}", value / std::chrono::seconds(1));
  };
  const auto age = authentication_age(now);
  Members out;
  out.add("age_seconds", age ? seconds(*age) : "null");
  if (when.max_age) out.add("max_age_seconds", seconds(*when.max_age));
  if (when.older_than) out.add("older_than_seconds", seconds(*when.older_than));
  return "{" + out.take() + "}";
}

std::string window_json(const TimeWindow& window, int64_t now_micros) {
  Members out;
  out.words("zone", window.zone_name);
  out.flag("in_window", window.contains(now_micros));
  return "{" + out.take() + "}";
}

}  // namespace

Conditions conditions_of(const When& when, const Circumstances& now) {
  Conditions out;
  if (!when.on_circumstances()) return out;
  (void)matches_circumstances(when, now, &out.texts);
  Members members;
  if (when.estimated_rows)
    members.add("estimated_rows", range_json(*when.estimated_rows, now.estimated_rows));
  if (when.time) members.add("time", window_json(*when.time, now.now_micros));
  if (!when.client.empty()) members.words("client", now.client_address);
  if (when.application) members.words("application", now.application);
  if (when.purpose) members.words("purpose", now.purpose);
  if (when.in_transaction) members.flag("in_transaction", now.in_transaction);
  if (when.run) members.flag("run", now.run);
  if (when.prompt) members.flag("prompt", now.prompt);
  if (when.tainted) members.flag("tainted", now.tainted);
  if (when.max_age || when.older_than) members.add("authentication", age_json(when, now));
  out.json = members.take();
  return out;
}

std::string json_quoted(std::string_view raw) {
  std::string out = "\"";
  for (const char c : to_printable_utf8(raw)) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string refusal_json(std::string_view rule, std::string_view effect,
                         std::string_view policy_version, std::string_view reason,
                         std::string_view facts, std::string_view next) {
  return fmt::format(R"({{"rule":{},"effect":"{}","policy":{},"reason":{},"facts":{},"next":{}}})",
                     json_quoted(rule), effect, json_quoted(policy_version), json_quoted(reason),
                     facts, json_quoted(next));
}

}  // namespace sluice::policy
