#include "base/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace sluice {

std::string format_time(int64_t micros_since_epoch) {
  int64_t seconds = micros_since_epoch / 1'000'000;
  int64_t micros = micros_since_epoch % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  const std::time_t time = seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, micros);
}

}  // namespace sluice
