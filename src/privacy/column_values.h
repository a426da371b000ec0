#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "privacy/classes.h"
#include "privacy/columns.h"

namespace sluice::privacy {

/// What some values of a column are like, all together.
struct ValueStats {
  size_t values = 0;  ///< looked at: without NULL and what stands for it
  size_t distinct = 0;
  double mean_length = 0;
  /// Shares of the values.
  double digits_only = 0, with_digit = 0, with_space = 0, lower_word = 0, capitalised_word = 0;
  double person_pairs = 0, firms = 0, prose = 0, random = 0, json = 0, xml = 0, pairs = 0;
  double with_find = 0;      ///< something is found within
  double whole_find = 0;     ///< a find covers (nearly) all
  double with_proof = 0;     ///< something is found within whose form nothing else has
  double address_first = 0;  ///< begins with what is found as an address
  double no_case = 0;        ///< written in a script without capitals
  double uniform = 0;   ///< made up in the commonest way: digits and letters at the same places
  bool rising = false;  ///< numbers, each greater than the one before
  std::array<double, static_cast<size_t>(Class::kCount)>
      whole{};             ///< finds that cover all, by class
  std::vector<int> years;  ///< of dates, sorted
  double distinct_share() const {
    return values == 0 ? 0 : static_cast<double>(distinct) / static_cast<double>(values);
  }
};

ValueStats measure(const ColumnInput& column);

/// What the values alone prove.
struct ValueVerdict {
  Class cls = Class::kNone;
  float confidence = 0;
  bool form_only = false;  ///< no checksum speaks for it: a name that says otherwise is believed
  std::string evidence;
  /// The check is one that numbers of orders, parcels and parts have as well (a digit by modulus 10
  /// or 11), and nothing else speaks for it.
  bool common_check = false;
};

/// The best that is proved; kNone if nothing is.
ValueVerdict class_of_values(const ColumnInput& column, const ValueStats& stats, int year);

/// The share of values that could be of a class.
double plausible_share(Class cls, const ColumnInput& column);

/// Up to so many values of a column are looked at.
inline constexpr size_t kMostValues = 400;

/// "3.12.94.28" as versions have it: the first numbers are all small.
bool are_versions(const ColumnInput& column);

/// Whether dates spread over lifetimes.
bool spread_over_lifetimes(const std::vector<int>& years, int year);

}  // namespace sluice::privacy
