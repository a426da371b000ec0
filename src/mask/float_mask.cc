#include "mask/float_mask.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::mask {
namespace {

uint64_t power_of_ten(size_t exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

/// Shortest digits and exponent of a finite positive number: digits * 10^exponent.
struct Parts {
  uint64_t digits = 0;
  size_t count = 1;
  int exponent = 0;
};

template <typename T>
Parts split(T value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific);
  const Bytes text(buffer.data(), static_cast<size_t>(end.ptr - buffer.data()));
  const size_t e = text.find('e');
  Parts parts;
  parts.count = 0;
  for (const char c : text.substr(0, e)) {
    if (c == '.') continue;
    parts.digits = parts.digits * 10 + static_cast<uint64_t>(c - '0');
    ++parts.count;
  }
  const Bytes exponent = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), parts.exponent);
  parts.exponent -= static_cast<int>(parts.count) - 1;
  return parts;
}

template <typename T>
std::optional<T> join(const Parts& parts) {
  const std::string text = std::to_string(parts.digits) + "e" + std::to_string(parts.exponent);
  T value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || !std::isfinite(value) || value == 0) return std::nullopt;
  return value;
}

/// Of numbers with as many digits, of which the last is not 0 (and the first neither).
void permute_digits(Parts& parts, const Permuter& permuter) {
  if (parts.count == 1) {
    parts.digits = 1 + permuter.permute(parts.digits - 1, 9);
    return;
  }
  const uint64_t low = power_of_ten(parts.count - 1);
  const uint64_t index = parts.digits / 10 * 9 + parts.digits % 10 - 1;
  const uint64_t first = low / 10 * 9;
  const uint64_t permuted = first + permuter.permute(index - first, low / 10 * 81);
  parts.digits = permuted / 9 * 10 + permuted % 9 + 1;
}

template <typename T>
T pseudonym(T magnitude, const Permuter& permuter) {
  Parts parts = split(magnitude);
  permute_digits(parts, permuter);
  for (const int shift : {0, -1, 1}) {  // at the ends of what the type can hold, one step inwards
    Parts moved = parts;
    moved.exponent += shift;
    if (const auto value = join<T>(moved)) return *value;
  }
  return 1;
}

template <typename T>
T general(T magnitude, const Rule& rule) {
  if (rule.kind == Kind::kGeo) return std::floor(magnitude * 10) / 10;
  if (rule.step > 0) {
    const auto step = static_cast<T>(rule.step);
    return std::floor(magnitude / step) * step;
  }
  Parts parts = split(magnitude);
  if (parts.count == 1) return 0;
  const uint64_t unit = power_of_ten(parts.count - 1);
  parts.digits = parts.digits / unit * unit;
  return join<T>(parts).value_or(0);
}

}  // namespace

template <std::floating_point T>
T mask_float(T value, const Rule& rule, const Permuter& permuter) {
  if (rule.strategy == Strategy::kRedact || rule.strategy == Strategy::kNull) return 0;
  if (!std::isfinite(value) || value == 0) return value;
  const bool exact = rule.strategy == Strategy::kPseudonym || rule.strategy == Strategy::kHash;
  const T magnitude = std::fabs(value);
  const T masked = exact ? pseudonym(magnitude, permuter) : general(magnitude, rule);
  return value < 0 && masked != 0 ? -masked : masked;
}

template <std::floating_point T>
void append_float(T value, std::string& out) {
  if (std::isnan(value)) {
    out.append("NaN");
  } else if (std::isinf(value)) {
    out.append(value < 0 ? "-Infinity" : "Infinity");
  } else {
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out.append(buffer.data(), end.ptr);
  }
}

template <std::floating_point T>
std::optional<T> parse_float(Bytes text) {
  if (text == "NaN") return std::numeric_limits<T>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<T>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<T>::infinity();
  // Names that only C knows are none here.
  if (text.find_first_not_of("0123456789+-.eE") != Bytes::npos) return std::nullopt;
  T value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ptr != text.data() + text.size() || read.ec == std::errc::invalid_argument) {
    return std::nullopt;
  }
  return value;
}

template float mask_float(float, const Rule&, const Permuter&);
template double mask_float(double, const Rule&, const Permuter&);
template void append_float(float, std::string&);
template void append_float(double, std::string&);
template std::optional<float> parse_float(Bytes);
template std::optional<double> parse_float(Bytes);

}  // namespace sluice::mask
