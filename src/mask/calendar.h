#pragma once

#include <cstdint>
#include <limits>

#include "mask/permuter.h"

namespace sluice::mask {

/// A day of the proleptic Gregorian calendar. Year 0 is 1 BC, -1 is 2 BC, as astronomers count.
struct Civil {
  int64_t year = 2000;
  int month = 1;
  int day = 1;

  friend bool operator==(const Civil&, const Civil&) = default;
};

/// Days are counted from 2000-01-01, as PostgreSQL does.
int64_t to_days(const Civil& date);
Civil to_civil(int64_t days);
bool is_date(const Civil& date);

/// The first day PostgreSQL knows (4714-11-24 BC), the first beyond its timestamps (294277-01-01),
/// and the first beyond its dates (5874898-01-01).
int64_t first_day();
int64_t end_of_timestamps();
int64_t end_of_dates();

/// Another day of the same century (of the years 1900 to 1999, say): keyed, one to one.
int64_t permute_day(int64_t days, const Permuter& permuter);

/// Microseconds of a day or beyond: the whole seconds of the day and each digit of the fraction are
/// permuted; midnight stays, because most often it says that there is no time of day.
int64_t permute_time_of_day(int64_t microseconds, const Permuter& permuter);

/// A fraction of a second in microseconds, 0 ≤ fraction < 10^6, with as many digits as it has.
int64_t permute_fraction(int64_t microseconds, const Permuter& permuter);

inline constexpr int64_t kSecond = 1'000'000;
inline constexpr int64_t kHour = 3600 * kSecond;
inline constexpr int64_t kDay = 24 * kHour;

/// Division and remainder toward negative infinity.
constexpr int64_t floor_div(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}
constexpr int64_t floor_mod(int64_t a, int64_t b) { return a - floor_div(a, b) * b; }

}  // namespace sluice::mask
