#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "privacy/classes.h"

namespace sluice::privacy {

/// A numbering scheme whose numbers are digits alone. Several may have the same class.
struct NumberScheme {
  std::string_view name;  ///< "br_cpf"
  Class cls;
  uint8_t digits;
  bool (*valid)(std::string_view digits);
  /// The share of arbitrary numbers of that length that `valid` lets through.
  double chance;
  /// How it is usually written, '|' between forms: "3.3.3-2".
  std::string_view forms;
  /// How sure a lone number in text is when written so, and when written bare.
  float formed, bare;
};

/// Those of `digits` digits.
std::span<const NumberScheme> number_schemes(size_t digits);
std::span<const NumberScheme> number_schemes();

/// The form a number is written in, as in NumberScheme::forms: "+49 (0)30" is "+2 (1)2". Empty when
/// there is anything else in it.
bool written_as(std::string_view form, std::string_view forms);

}  // namespace sluice::privacy
