#include "mask/time_text.h"

#include <algorithm>
#include <charconv>

namespace sluice::mask {
namespace {

/// Reads a text from its front.
class Cursor {
 public:
  explicit Cursor(Bytes text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  char front() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(Bytes text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  /// An unsigned number of `least` to `most` digits.
  std::optional<int64_t> digits(size_t least, size_t most) {
    size_t count = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') ++count;
    if (count < least || count > most) return std::nullopt;
    int64_t value = 0;
    std::from_chars(rest_.data(), rest_.data() + count, value);
    rest_.remove_prefix(count);
    return value;
  }
  /// ".25" as microseconds, or nothing.
  int64_t fraction() {
    if (!take(".")) return 0;
    int64_t value = 0;
    int64_t unit = kSecond / 10;
    while (front() >= '0' && front() <= '9') {
      value += unit * (front() - '0');
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return value;
  }

 private:
  Bytes rest_;
};

/// Exactly "2001-12-31", as most dates are.
std::optional<Civil> usual_date(Bytes text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  unsigned digits[10];
  unsigned all = 0;
  for (size_t i = 0; i < 10; ++i) {
    digits[i] = i == 4 || i == 7 ? 0U : static_cast<unsigned char>(text[i]) - unsigned{'0'};
    all = std::max(all, digits[i]);
  }
  if (all > 9) return std::nullopt;
  return Civil{digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3],
               static_cast<int>(digits[5] * 10 + digits[6]),
               static_cast<int>(digits[8] * 10 + digits[9])};
}

std::optional<Civil> read_date(Cursor& in) {
  const auto year = in.digits(4, 7);
  if (!year || !in.take("-")) return std::nullopt;
  const auto month = in.digits(2, 2);
  if (!month || !in.take("-")) return std::nullopt;
  const auto day = in.digits(2, 2);
  if (!day) return std::nullopt;
  return Civil{*year, static_cast<int>(*month), static_cast<int>(*day)};
}

/// "04:05:06.25"; `hours` may have that many digits.
std::optional<int64_t> read_clock(Cursor& in, size_t hours) {
  const auto hour = in.digits(2, hours);
  if (!hour || !in.take(":")) return std::nullopt;
  const auto minute = in.digits(2, 2);
  if (!minute || !in.take(":")) return std::nullopt;
  const auto second = in.digits(2, 2);
  if (!second || *minute > 59 || *second > 60 || *hour > 2562047788) return std::nullopt;
  // At the very end of what 64 bits hold, so add with care.
  const auto whole = static_cast<uint64_t>(*hour) * kHour +
                     static_cast<uint64_t>(*minute * 60 + *second) * kSecond +
                     static_cast<uint64_t>(in.fraction());
  if (whole > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  return static_cast<int64_t>(whole);
}

/// "+05:30" as seconds west.
std::optional<int32_t> read_zone(Cursor& in) {
  const bool east = in.take("+");
  if (!east && !in.take("-")) return std::nullopt;
  auto seconds = in.digits(2, 2);
  if (!seconds) return std::nullopt;
  *seconds *= 3600;
  for (const int unit : {60, 1}) {
    if (!in.take(":")) break;
    const auto part = in.digits(2, 2);
    if (!part) return std::nullopt;
    *seconds += *part * unit;
  }
  return static_cast<int32_t>(east ? -*seconds : *seconds);
}

/// The date once " BC" has been read or not.
std::optional<int64_t> days_of(Civil date, bool before_christ) {
  if (before_christ) date.year = 1 - date.year;
  if (!is_date(date)) return std::nullopt;
  const int64_t days = to_days(date);
  if (days < first_day() || days >= end_of_dates()) return std::nullopt;
  return days;
}

void append_padded(int64_t value, size_t digits, std::string& out) {
  char text[20];
  size_t begin = sizeof text;
  do {
    text[--begin] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0 || sizeof text - begin < digits);
  out.append(text + begin, sizeof text - begin);
}

void append_civil(const Civil& date, std::string& out) {
  if (date.year > 0 && date.year < 10000) {
    const auto digit = [](int64_t value) { return static_cast<char>('0' + value % 10); };
    const auto year = static_cast<int>(date.year);
    const char text[] = {digit(year / 1000),
                         digit(year / 100),
                         digit(year / 10),
                         digit(year),
                         '-',
                         digit(date.month / 10),
                         digit(date.month),
                         '-',
                         digit(date.day / 10),
                         digit(date.day)};
    out.append(text, sizeof text);
    return;
  }
  append_padded(date.year > 0 ? date.year : 1 - date.year, 4, out);
  out.push_back('-');
  append_padded(date.month, 2, out);
  out.push_back('-');
  append_padded(date.day, 2, out);
}

void append_clock(int64_t microseconds, std::string& out) {
  append_padded(microseconds / kHour, 2, out);
  out.push_back(':');
  append_padded(microseconds / (60 * kSecond) % 60, 2, out);
  out.push_back(':');
  append_padded(microseconds / kSecond % 60, 2, out);
  if (int64_t fraction = microseconds % kSecond; fraction != 0) {
    out.push_back('.');
    size_t digits = 6;
    for (; fraction % 10 == 0; fraction /= 10) --digits;
    append_padded(fraction, digits, out);
  }
}

}  // namespace

std::optional<int32_t> parse_day(Bytes text) {
  if (const auto date = usual_date(text)) {
    const auto days = days_of(*date, false);
    return days ? std::optional(static_cast<int32_t>(*days)) : std::nullopt;
  }
  if (text == "infinity") return std::numeric_limits<int32_t>::max();
  if (text == "-infinity") return std::numeric_limits<int32_t>::min();
  Cursor in(text);
  const auto date = read_date(in);
  if (!date) return std::nullopt;
  const auto days = days_of(*date, in.take(" BC"));
  if (!days || !in.done()) return std::nullopt;
  return static_cast<int32_t>(*days);
}

bool is_plain_day(Bytes text) {
  const auto date = usual_date(text);
  return date && date->year > 0 && is_date(*date);
}

void append_day(int32_t day, std::string& out) {
  if (day == std::numeric_limits<int32_t>::max()) {
    out.append("infinity");
  } else if (day == std::numeric_limits<int32_t>::min()) {
    out.append("-infinity");
  } else {
    const Civil date = to_civil(day);
    append_civil(date, out);
    if (date.year <= 0) out.append(" BC");
  }
}

std::optional<ZonedTime> parse_time(Bytes text, bool zoned) {
  Cursor in(text);
  const auto clock = read_clock(in, 2);
  if (!clock || *clock > kDay) return std::nullopt;
  ZonedTime time{.time = *clock};
  if (zoned) {
    const auto west = read_zone(in);
    if (!west) return std::nullopt;
    time.west = *west;
  }
  if (!in.done()) return std::nullopt;
  return time;
}

void append_time(const ZonedTime& time, bool zoned, std::string& out) {
  append_clock(time.time, out);
  if (!zoned) return;
  const int32_t seconds = time.west < 0 ? -time.west : time.west;
  out.push_back(time.west > 0 ? '-' : '+');
  append_padded(seconds / 3600, 2, out);
  if (seconds % 3600 == 0) return;
  out.push_back(':');
  append_padded(seconds / 60 % 60, 2, out);
  if (seconds % 60 == 0) return;
  out.push_back(':');
  append_padded(seconds % 60, 2, out);
}

std::optional<Moment> parse_moment(Bytes text, bool zoned) {
  if (text == "infinity") return kEndless;
  if (text == "-infinity") return kBeginless;
  Cursor in(text);
  const auto date = read_date(in);
  if (!date || !in.take(" ")) return std::nullopt;
  const auto clock = read_clock(in, 2);
  if (!clock || *clock > kDay) return std::nullopt;
  int32_t west = 0;
  if (zoned) {
    const auto zone = read_zone(in);
    if (!zone) return std::nullopt;
    west = *zone;
  }
  const auto days = days_of(*date, in.take(" BC"));
  if (!days || *days > end_of_timestamps() || !in.done()) return std::nullopt;
  const int64_t moment = *days * kDay + *clock + west * kSecond;
  if (moment < first_day() * kDay || moment >= end_of_timestamps() * kDay) return std::nullopt;
  return moment;
}

void append_moment(Moment moment, bool zoned, std::string& out) {
  if (moment == kEndless) {
    out.append("infinity");
    return;
  }
  if (moment == kBeginless) {
    out.append("-infinity");
    return;
  }
  const Civil date = to_civil(floor_div(moment, kDay));
  append_civil(date, out);
  out.push_back(' ');
  append_clock(floor_mod(moment, kDay), out);
  if (zoned) out.append("+00");
  if (date.year <= 0) out.append(" BC");
}

std::optional<Interval> parse_interval(Bytes text) {
  // "1 year -2 mons 3 days -04:05:06.25"
  Interval interval;
  int64_t months = 0;
  int64_t days = 0;
  Cursor in(text);
  while (!in.done()) {
    Cursor clock = in;
    const bool minus = clock.take("-");
    if (!minus) clock.take("+");
    if (const auto time = read_clock(clock, 10)) {
      if (!clock.done()) return std::nullopt;
      interval.microseconds = minus ? -*time : *time;
      break;
    }
    const bool negative = in.take("-");
    if (!negative) in.take("+");
    const auto digits = in.digits(1, 10);
    if (!digits || !in.take(" ")) return std::nullopt;
    const int64_t value = negative ? -*digits : *digits;
    if (in.take("years") || in.take("year")) {
      months += value * 12;
    } else if (in.take("mons") || in.take("mon")) {
      months += value;
    } else if (in.take("days") || in.take("day")) {
      days += value;
    } else {
      return std::nullopt;
    }
    if (!in.done() && !in.take(" ")) return std::nullopt;
  }
  interval.months = static_cast<int32_t>(months);
  interval.days = static_cast<int32_t>(days);
  if (interval.months != months || interval.days != days) return std::nullopt;
  return interval;
}

void append_interval(const Interval& interval, std::string& out) {
  const size_t begin = out.size();
  const auto put = [&](int32_t value, Bytes unit) {
    if (value == 0) return;
    out.append(std::to_string(value)).append(unit);
  };
  put(interval.months, " mons ");
  put(interval.days, " days ");
  if (interval.microseconds == 0 && out.size() > begin) {
    out.pop_back();
    return;
  }
  if (interval.microseconds < 0) out.push_back('-');
  // The lowest number has no negative; it loses its last microsecond.
  const int64_t time = std::max(interval.microseconds, -std::numeric_limits<int64_t>::max());
  append_clock(time < 0 ? -time : time, out);
}

}  // namespace sluice::mask
