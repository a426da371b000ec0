#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "mask/calendar.h"

/// Dates and times as the server writes them with DateStyle ISO and IntervalStyle postgres.
/// Whatever is appended is read the same under every style.
namespace sluice::mask {

/// Microseconds from 2000-01-01 00:00 (UTC for timestamptz), or the infinities.
using Moment = int64_t;
inline constexpr Moment kEndless = std::numeric_limits<Moment>::max();
inline constexpr Moment kBeginless = std::numeric_limits<Moment>::min();

struct ZonedTime {
  int64_t time = 0;  ///< microseconds of the day
  int32_t west = 0;  ///< seconds west of UTC
};

struct Interval {
  int64_t microseconds = 0;
  int32_t days = 0;
  int32_t months = 0;
};

/// Days from 2000-01-01; the infinities are those of int32_t.
std::optional<int32_t> parse_day(Bytes text);
/// Whether a text is a day of the years 0001 to 9999, as DateStyle ISO has it.
bool is_plain_day(Bytes text);
void append_day(int32_t day, std::string& out);

std::optional<ZonedTime> parse_time(Bytes text, bool zoned);
void append_time(const ZonedTime& time, bool zoned, std::string& out);

std::optional<Moment> parse_moment(Bytes text, bool zoned);
void append_moment(Moment moment, bool zoned, std::string& out);

std::optional<Interval> parse_interval(Bytes text);
void append_interval(const Interval& interval, std::string& out);

}  // namespace sluice::mask
