#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "mask/calendar.h"

namespace sluice::mask {

/// A date that begins a text, in a form with a year of four digits.
struct FoundDate {
  Civil date;
  size_t year = 0, month = 0, day = 0;  ///< where they begin; month and day have two digits
  size_t end = 0;                       ///< behind the date
  /// Day and month might be the other way round: both are at most 12.
  bool ambiguous = false;
};

/// 2001-12-31, 2001/12/31, 20011231, 31.12.2001, 31/12/2001, 12/31/2001, alone or before a time.
std::optional<FoundDate> find_date(Bytes text);

/// Writes `date`, whose year has four digits, over the found one in text[begin, …).
void write_date(std::string& text, size_t begin, const FoundDate& found, const Civil& date);

}  // namespace sluice::mask
