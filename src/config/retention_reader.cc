#include "config/retention_reader.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "config/units.h"

namespace sluice::config {
namespace {

/// What a rule may go by. Not what people write into statements: what is kept must not be theirs
/// to choose.
constexpr std::array<const char*, 13> kFilters = {
    "user",  "group",  "principal_kind", "database", "environment", "table", "column",
    "class", "action", "kind",           "decision", "rule",        "type"};

RetentionConfig read_rule(yaml::MapReader& map, const std::vector<RetentionConfig>& others) {
  RetentionConfig rule;
  if (map.scalar("name", rule.name, true)) {
    const bool twice = std::any_of(others.begin(), others.end(),
                                   [&](const auto& other) { return other.name == rule.name; });
    if (twice) map.problem("name", fmt::format("\"{}\" is there twice", rule.name));
  }
  if (std::string keep; map.scalar("keep", keep, true)) {
    if (auto parsed = parse_keep(keep)) {
      rule.keep = *parsed;
    } else {
      map.problem("keep", parsed.error().text);
    }
  }
  for (const char* filter : kFilters) {
    if (std::string value; map.scalar(filter, value)) rule.filters.emplace_back(filter, value);
  }
  return rule;
}

}  // namespace

Result<std::optional<Duration>> parse_keep(std::string_view text) {
  if (text == "forever") return std::optional<Duration>();
  const auto duration = parse_duration(text);
  if (duration && *duration >= std::chrono::hours(1)) return std::optional(*duration);
  return fail(ErrorCode::kInvalidInput,
              "expected a duration of at least 1h, such as 90d, or \"forever\"");
}

namespace {

/// "03:30" as minutes of the day.
Result<std::optional<int>> parse_time_of_day(std::string_view text) {
  int hour = -1, minute = -1, end = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%2d:%2d%n", &hour, &minute, &end) == 2 && end == 5 &&
      copy.size() == 5 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60)
    return std::optional(hour * 60 + minute);
  return fail(ErrorCode::kInvalidInput, "expected a time of day in UTC such as \"03:30\"");
}

}  // namespace

void read_retention(yaml::MapReader& audit, std::vector<RetentionConfig>& out,
                    std::optional<int>& at) {
  audit.parsed("retention_at", at, parse_time_of_day);
  if (!audit.has("retention")) return;
  audit.maps("retention", "a rule",
             [&](yaml::MapReader& map) { out.push_back(read_rule(map, out)); });
  // What comes behind a rule for everything is never asked.
  for (size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i].filters.empty())
      audit.problem(
          "retention",
          fmt::format("\"{}\" fits every record: no rule behind it is ever asked", out[i].name));
  }
}

}  // namespace sluice::config
