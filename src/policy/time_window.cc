#include "policy/time_window.h"

#include <array>
#include <chrono>

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <fmt/format.h>

namespace sluice::policy {
namespace {

constexpr int kDay = 24 * 60;
constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

class CctzZone : public Zone {
 public:
  explicit CctzZone(const cctz::time_zone& zone) : zone_(zone) {}
  Local at(int64_t micros_since_epoch) const override {
    const std::chrono::system_clock::time_point when{
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::microseconds(micros_since_epoch))};
    const cctz::civil_second local = zone_.lookup(when).cs;
    // cctz counts its weekdays from Monday.
    return {static_cast<int>(cctz::get_weekday(cctz::civil_day(local))),
            local.hour() * 60 + local.minute()};
  }

 private:
  cctz::time_zone zone_;
};

int find_day(std::string_view name) {
  for (size_t i = 0; i < kDays.size(); ++i) {
    if (kDays[i] == name) return static_cast<int>(i);
  }
  return -1;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<std::shared_ptr<const Zone>> find_zone(const std::string& name) {
  cctz::time_zone zone;
  // A path would be read as a file of any kind.
  const bool path = name.starts_with('/') || name.find("..") != std::string::npos;
  if (name.empty() || path || !cctz::load_time_zone(name, &zone)) {
    return fail(ErrorCode::kNotFound,
                fmt::format("unknown time zone \"{}\"; expected one of the IANA database, such as "
                            "Europe/Berlin or UTC",
                            name));
  }
  return std::make_shared<const CctzZone>(zone);
}

bool TimeWindow::contains(int64_t micros_since_epoch) const {
  const Zone::Local now = zone->at(micros_since_epoch);
  const auto opens = [&](int weekday) { return (days >> weekday & 1) != 0; };
  if (from < to) return opens(now.weekday) && now.minute >= from && now.minute < to;
  return (opens(now.weekday) && now.minute >= from) ||
         (opens((now.weekday + 6) % 7) && now.minute < to);
}

Result<int> parse_time_of_day(std::string_view text) {
  if (text.size() == 5 && digit(text[0]) && digit(text[1]) && text[2] == ':' && digit(text[3]) &&
      digit(text[4])) {
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (minute < 60 && hour * 60 + minute <= kDay) return hour * 60 + minute;
  }
  return fail(ErrorCode::kInvalidInput,
              fmt::format("expected a time of day from \"00:00\" to \"24:00\", got \"{}\"", text));
}

Result<int64_t> parse_moment(std::string_view text) {
  cctz::time_point<std::chrono::microseconds> moment;
  if (!cctz::parse("%Y-%m-%dT%H:%M:%E*S%Ez", std::string(text), cctz::utc_time_zone(), &moment)) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("expected a time such as 2026-11-24T09:30:00+01:00, got \"{}\"", text));
  }
  return moment.time_since_epoch().count();
}

Result<uint8_t> parse_days(std::string_view text) {
  const size_t dash = text.find('-');
  const int first = find_day(text.substr(0, dash));
  const int last = dash == std::string_view::npos ? first : find_day(text.substr(dash + 1));
  if (first < 0 || last < 0) {
    return fail(
        ErrorCode::kInvalidInput,
        fmt::format("expected a day such as mon or a span such as mon-fri, got \"{}\"", text));
  }
  uint8_t bits = 0;
  for (int day = first;; day = (day + 1) % 7) {
    bits = static_cast<uint8_t>(bits | 1 << day);
    if (day == last) return bits;
  }
}

}  // namespace sluice::policy
