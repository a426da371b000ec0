#include "base/parse_time.h"

#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/units.h"

namespace sluice {
namespace {

/// ".5" to 500000; nothing for what is no fraction of up to six digits.
std::optional<int64_t> parse_fraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != '.' || text.size() < 2 || text.size() > 7) return std::nullopt;
  int64_t micros = 0;
  for (size_t i = 1; i <= 6; ++i) {
    const char digit = i < text.size() ? text[i] : '0';
    if (digit < '0' || digit > '9') return std::nullopt;
    micros = micros * 10 + (digit - '0');
  }
  return micros;
}

/// A date, or a date and time of day as listings show them, in UTC.
std::optional<int64_t> parse_moment(const std::string& text) {
  std::tm utc{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::optional<int64_t> fraction;
  if (rest != nullptr) {
    std::string_view behind = rest;
    if (behind.ends_with('Z')) behind.remove_suffix(1);
    fraction = parse_fraction(behind);
  } else {
    utc = {};
    rest = strptime(text.c_str(), "%Y-%m-%d", &utc);
    if (rest != nullptr && *rest == '\0') fraction = 0;
  }
  if (!fraction) return std::nullopt;
  const int day = utc.tm_mday;
  const int64_t seconds = timegm(&utc);
  // The 31st of February would become a day in March.
  if (utc.tm_mday != day) return std::nullopt;
  return seconds * 1'000'000 + *fraction;
}

}  // namespace

Result<int64_t> parse_time(const std::string& text) {
  if (text.empty()) return 0;
  if (const auto ago = parse_duration(text)) {
    return wall_micros() - std::chrono::duration_cast<std::chrono::microseconds>(*ago).count();
  }
  if (const auto moment = parse_moment(text)) return *moment;
  return fail(
      ErrorCode::kInvalidInput,
      fmt::format(
          "expected a time such as 1h, 2d, 2026-11-24 or 2026-11-24T09:30:00Z (UTC), got \"{}\"",
          text));
}

}  // namespace sluice
