#include "mask/calendar.h"

#include <algorithm>

namespace sluice::mask {
namespace {

bool is_leap(int64_t year) {
  return floor_mod(year, 4) == 0 && (floor_mod(year, 100) != 0 || floor_mod(year, 400) == 0);
}

int days_in(int64_t year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

}  // namespace

namespace {

constexpr int64_t days_of(const Civil& date) {
  // Years that begin in March, eras of 400 of them.
  const int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const int64_t era = floor_div(year, 400);
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const int64_t day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
  return era * 146097 + day_of_era - 730425;
}

constexpr int64_t kFirstDay = days_of({-4713, 11, 24});
constexpr int64_t kEndOfTimestamps = days_of({294277, 1, 1});
constexpr int64_t kEndOfDates = days_of({5874898, 1, 1});

}  // namespace

int64_t to_days(const Civil& date) { return days_of(date); }

Civil to_civil(int64_t days) {
  days += 730425;
  const int64_t era = floor_div(days, 146097);
  const int64_t of_era = days - era * 146097;
  const int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const int64_t month = (5 * of_year + 2) / 153;
  Civil date;
  date.day = static_cast<int>(of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = year + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

bool is_date(const Civil& date) {
  return date.month >= 1 && date.month <= 12 && date.day >= 1 &&
         date.day <= days_in(date.year, date.month);
}

int64_t first_day() { return kFirstDay; }
int64_t end_of_timestamps() { return kEndOfTimestamps; }
int64_t end_of_dates() { return kEndOfDates; }

int64_t permute_day(int64_t days, const Permuter& permuter) {
  const int64_t century = floor_div(to_civil(days).year, 100) * 100;
  int64_t low = std::max(to_days({century, 1, 1}), first_day());
  int64_t high = to_days({century + 100, 1, 1});
  // What is a timestamp stays one, what is a date stays one.
  if (days < end_of_timestamps()) {
    high = std::min(high, end_of_timestamps());
  } else {
    low = std::max(low, end_of_timestamps());
    high = std::min(high, end_of_dates());
  }
  if (days < low || days >= high) return low;
  return low + static_cast<int64_t>(permuter.permute(static_cast<uint64_t>(days - low),
                                                     static_cast<uint64_t>(high - low)));
}

int64_t permute_fraction(int64_t microseconds, const Permuter& permuter) {
  if (microseconds == 0) return 0;
  // Digits at the end that are 0 stay 0, and the last that is not stays so: a type with fewer
  // digits would round.
  int64_t unit = 1;
  while (microseconds % (unit * 10) == 0) unit *= 10;
  const int64_t value = microseconds / unit;
  const int64_t index = value / 10 * 9 + value % 10 - 1;
  const auto permuted = static_cast<int64_t>(permuter.permute(
      static_cast<uint64_t>(index), static_cast<uint64_t>(kSecond / unit / 10 * 9)));
  return (permuted / 9 * 10 + permuted % 9 + 1) * unit;
}

int64_t permute_time_of_day(int64_t microseconds, const Permuter& permuter) {
  if (microseconds <= 0 || microseconds >= kDay) return microseconds;
  auto seconds = static_cast<uint64_t>(microseconds / kSecond);
  if (seconds > 0) seconds = 1 + permuter.permute(seconds - 1, 86399);
  return static_cast<int64_t>(seconds) * kSecond +
         permute_fraction(microseconds % kSecond, permuter);
}

}  // namespace sluice::mask
