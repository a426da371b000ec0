#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "mask/permuter.h"
#include "mask/strategy.h"

namespace sluice::mask {

/// A decimal number as PostgreSQL's numeric has it: sign, digits without the point, and how many of
/// them are behind the point.
struct Decimal {
  enum class Form : uint8_t { kFinite, kNan, kInfinity, kMinusInfinity };
  Form form = Form::kFinite;
  bool negative = false;
  std::string digits = "0";  ///< without leading zeros, but at least one
  int scale = 0;

  friend bool operator==(const Decimal&, const Decimal&) = default;
};

/// "-12.50", "NaN", "Infinity"; no exponent.
std::optional<Decimal> parse_decimal(Bytes text);
void append_decimal(const Decimal& number, std::string& out);

/// The binary form of numeric.
std::optional<Decimal> decode_numeric(Bytes bytes);
void encode_numeric(const Decimal& number, std::string& out);

/// Masks the number; sign and number of digits stay, so it fits where it did. What is not finite
/// stays. `unit` digits at the end are 0 and stay so (numeric(p,s) with a negative s).
void mask_decimal(Decimal& number, const Rule& rule, const Permuter& permuter, size_t unit = 0);

/// The same for whole numbers; equal numbers of any two types become equal ones, and none leaves
/// the range of a type that it was in.
int64_t mask_integer(int64_t value, const Rule& rule, const Permuter& permuter);

/// As generalise does.
void generalise(Decimal& number, const Rule& rule);

/// A number of the size of `magnitude`: as many digits, and on the same side of the limits of every
/// integer type.
uint64_t permute_magnitude(uint64_t magnitude, bool negative, const Permuter& permuter);

}  // namespace sluice::mask
