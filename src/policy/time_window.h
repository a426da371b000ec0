#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::policy {

/// A time zone of the IANA database, as the system has it (/usr/share/zoneinfo). Immutable, safe
/// to use from any thread.
class Zone {
 public:
  virtual ~Zone() = default;
  /// Local time at a moment.
  struct Local {
    int weekday = 0;  ///< 0 Monday … 6 Sunday
    int minute = 0;   ///< of the day
  };
  virtual Local at(int64_t micros_since_epoch) const = 0;
};

/// Errors: kNotFound for a zone that the system does not know.
Result<std::shared_ptr<const Zone>> find_zone(const std::string& name);

/// Hours of days, by the clock on the wall of a zone: when clocks are put forward or back, the
/// window follows them.
struct TimeWindow {
  std::shared_ptr<const Zone> zone;
  std::string zone_name = "UTC";
  uint8_t days = 0x7F;  ///< bit 0 Monday; the day on which the window opens
  int from = 0;         ///< minute of the day
  int to = 24 * 60;     ///< exclusive; before `from`: on the next day
  bool contains(int64_t micros_since_epoch) const;
};

/// "09:00", "24:00" -> minutes of the day.
Result<int> parse_time_of_day(std::string_view text);
/// RFC 3339: "2026-11-24T09:30:00+01:00" -> microseconds since 1970.
Result<int64_t> parse_moment(std::string_view text);
/// "mon", "mon-fri", "sat" -> bits.
Result<uint8_t> parse_days(std::string_view text);

}  // namespace sluice::policy
