#include "mask/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace sluice::mask {
namespace {

constexpr uint64_t kMaxPower = 10'000'000'000'000'000'000U;  // the largest power of ten in 64 bits
constexpr size_t kMaxDigits = 19;                            // whatever has so many fits in 64 bits
constexpr uint64_t kCardKept = 10'000;

bool is_digits(Bytes text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void strip(std::string& digits) {
  const size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  digits.erase(0, first);
}

uint64_t to_number(Bytes digits) {
  uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// All digits but the first become 0.
void keep_first(std::string& digits) {
  std::fill(digits.begin() + (digits.size() > 1 ? 1 : 0), digits.end(), '0');
}

/// More digits than a machine word has: permuted one by one, with the first not 0.
void permute_digits(std::string& digits, const Permuter& permuter) {
  std::vector<uint16_t> values(digits.size());
  std::vector<uint16_t> radices(digits.size(), 10);
  radices[0] = 9;
  for (size_t i = 0; i < digits.size(); ++i) {
    values[i] = static_cast<uint16_t>(digits[i] - (i == 0 ? '1' : '0'));
  }
  permuter.permute(std::span(values), std::span<const uint16_t>(radices));
  for (size_t i = 0; i < digits.size(); ++i) {
    digits[i] = static_cast<char>(values[i] + (i == 0 ? '1' : '0'));
  }
}

void permute_unscaled(std::string& digits, bool negative, const Permuter& permuter) {
  if (digits.size() > kMaxDigits) {
    permute_digits(digits, permuter);
  } else {
    digits = std::to_string(permute_magnitude(to_number(digits), negative, permuter));
  }
}

uint64_t generalise_magnitude(uint64_t magnitude, uint64_t step) {
  if (step > 0) return magnitude / step * step;
  uint64_t unit = 1;
  while (magnitude / unit >= 10) unit *= 10;
  return magnitude < 10 ? 0 : magnitude / unit * unit;
}

}  // namespace

std::optional<Decimal> parse_decimal(Bytes text) {
  Decimal number;
  if (text == "NaN") return Decimal{.form = Decimal::Form::kNan};
  if (text == "Infinity") return Decimal{.form = Decimal::Form::kInfinity};
  if (text == "-Infinity") return Decimal{.form = Decimal::Form::kMinusInfinity};
  if (text.starts_with('-')) {
    number.negative = true;
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  const Bytes whole = text.substr(0, point);
  const Bytes fraction = point == Bytes::npos ? Bytes() : text.substr(point + 1);
  if (!is_digits(whole) || (point != Bytes::npos && !is_digits(fraction))) return std::nullopt;
  number.digits.assign(whole).append(fraction);
  number.scale = static_cast<int>(fraction.size());
  strip(number.digits);
  return number;
}

void append_decimal(const Decimal& number, std::string& out) {
  switch (number.form) {
    case Decimal::Form::kNan:
      out.append("NaN");
      return;
    case Decimal::Form::kInfinity:
      out.append("Infinity");
      return;
    case Decimal::Form::kMinusInfinity:
      out.append("-Infinity");
      return;
    case Decimal::Form::kFinite:
      break;
  }
  if (number.negative) out.push_back('-');
  const auto scale = static_cast<size_t>(number.scale);
  if (number.digits.size() <= scale) {
    out.append("0.").append(scale - number.digits.size(), '0').append(number.digits);
    return;
  }
  const size_t whole = number.digits.size() - scale;
  out.append(number.digits, 0, whole);
  if (scale > 0) out.append(".").append(number.digits, whole);
}

std::optional<Decimal> decode_numeric(Bytes bytes) {
  // int16 digits (base 10000), int16 weight of the first, uint16 sign, uint16 scale, the digits.
  if (bytes.size() < 8) return std::nullopt;
  const auto count = static_cast<int16_t>(load_be16(bytes.data()));
  const auto weight = static_cast<int16_t>(load_be16(bytes.data() + 2));
  const uint16_t sign = load_be16(bytes.data() + 4);
  const uint16_t scale = load_be16(bytes.data() + 6);
  if (count < 0 || bytes.size() != 8 + size_t{2} * static_cast<size_t>(count)) return std::nullopt;
  if (sign == 0xC000) return Decimal{.form = Decimal::Form::kNan};
  if (sign == 0xD000) return Decimal{.form = Decimal::Form::kInfinity};
  if (sign == 0xF000) return Decimal{.form = Decimal::Form::kMinusInfinity};
  if ((sign != 0 && sign != 0x4000) || scale > 16383) return std::nullopt;
  Decimal number{.negative = sign == 0x4000, .digits = "", .scale = scale};
  // As many groups as the scale asks for: digits that are not sent are 0.
  const int groups_behind = (scale + 3) / 4;
  for (int place = std::max<int>(weight, 0); place >= -groups_behind; --place) {
    const int index = weight - place;
    uint16_t group = 0;
    if (index >= 0 && index < count) {
      group = load_be16(bytes.data() + 8 + size_t{2} * static_cast<size_t>(index));
    }
    if (group > 9999) return std::nullopt;
    for (const int unit : {1000, 100, 10, 1}) {
      number.digits.push_back(static_cast<char>('0' + group / unit % 10));
    }
  }
  number.digits.resize(number.digits.size() - static_cast<size_t>(groups_behind * 4 - scale));
  strip(number.digits);
  return number;
}

void encode_numeric(const Decimal& number, std::string& out) {
  static constexpr std::array<uint16_t, 4> kSigns = {0, 0xC000, 0xD000, 0xF000};
  const uint16_t form = kSigns.at(static_cast<size_t>(number.form));
  if (form != 0) {
    for (const uint16_t part : {uint16_t{0}, uint16_t{0}, form, uint16_t{0}}) {
      append_be16(out, part);
    }
    return;
  }
  // Groups of four on both sides of the point.
  const auto scale = static_cast<size_t>(number.scale);
  std::string digits = number.digits;
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  digits.insert(0, (4 - (digits.size() - scale) % 4) % 4, '0');
  const size_t whole = (digits.size() - scale) / 4;
  digits.append((4 - scale % 4) % 4, '0');
  std::vector<uint16_t> groups(digits.size() / 4);
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<uint16_t>(to_number(Bytes(digits).substr(i * 4, 4)));
  }
  auto weight = static_cast<int>(whole) - 1;
  size_t first = 0;
  while (first < groups.size() && groups[first] == 0) {
    ++first;
    --weight;
  }
  while (groups.size() > first && groups.back() == 0) groups.pop_back();
  const size_t count = groups.size() - first;
  append_be16(out, static_cast<uint16_t>(count));
  append_be16(out, static_cast<uint16_t>(count == 0 ? 0 : weight));
  append_be16(out, number.negative && count > 0 ? 0x4000 : 0);
  append_be16(out, static_cast<uint16_t>(scale));
  for (size_t i = first; i < groups.size(); ++i) append_be16(out, groups[i]);
}

uint64_t permute_magnitude(uint64_t magnitude, bool negative, const Permuter& permuter) {
  // Numbers of one count of digits, split where integer types end: a negative type goes one
  // further.
  uint64_t low = 0;
  uint64_t high = 10;
  while (magnitude >= high && high != kMaxPower) {
    low = high;
    high *= 10;
  }
  // 0 has no sign.
  if (negative && low == 0) low = 1;
  for (const int bits : {15, 31, 32, 63}) {
    const uint64_t edge = (uint64_t{1} << bits) + (negative ? 1 : 0);
    if (edge <= low || edge >= high) continue;
    (magnitude < edge ? high : low) = edge;
  }
  if (magnitude < low || magnitude >= high) return magnitude;
  return low + permuter.permute(magnitude - low, high - low);
}

void generalise(Decimal& number, const Rule& rule) {
  if (number.form != Decimal::Form::kFinite) return;
  const auto scale = static_cast<size_t>(number.scale);
  std::string& digits = number.digits;
  if (rule.kind == Kind::kGeo) {
    // Tenths of a degree, a grid of about eleven kilometres.
    const size_t drop = scale > 1 ? std::min(scale - 1, digits.size()) : 0;
    std::fill(digits.end() - static_cast<std::ptrdiff_t>(drop), digits.end(), '0');
  } else if (rule.step > 0 && digits.size() > scale && digits.size() - scale <= kMaxDigits) {
    const uint64_t whole = to_number(Bytes(digits).substr(0, digits.size() - scale));
    digits = std::to_string(generalise_magnitude(whole, rule.step)) + std::string(scale, '0');
  } else if (digits.size() > 1) {
    keep_first(digits);
  } else {
    digits = "0";
  }
  strip(digits);
  if (digits == "0") number.negative = false;
}

void mask_decimal(Decimal& number, const Rule& rule, const Permuter& permuter, size_t unit) {
  if (number.form != Decimal::Form::kFinite) {
    if (rule.strategy == Strategy::kRedact) number = Decimal{};
    return;
  }
  switch (rule.strategy) {
    case Strategy::kRedact:
    case Strategy::kNull:
      number.digits = "0";
      number.negative = false;
      return;
    case Strategy::kPartial:
      if (rule.kind == Kind::kCard && number.scale == 0) {
        if (number.digits.size() > 8)
          number.digits.erase(0, number.digits.size() - 4);
        else
          number.digits = "0";
        strip(number.digits);
        return;
      }
      generalise(number, rule);
      return;
    case Strategy::kGeneralise:
      generalise(number, rule);
      return;
    case Strategy::kPseudonym:
    case Strategy::kHash:
      break;
  }
  const bool zeros =
      unit > 0 && number.digits.size() > unit &&
      Bytes(number.digits).substr(number.digits.size() - unit).find_first_not_of('0') ==
          Bytes::npos;
  if (zeros) number.digits.resize(number.digits.size() - unit);
  permute_unscaled(number.digits, number.negative, permuter);
  if (zeros && number.digits != "0") number.digits.append(unit, '0');
}

int64_t mask_integer(int64_t value, const Rule& rule, const Permuter& permuter) {
  const bool negative = value < 0;
  uint64_t magnitude = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  switch (rule.strategy) {
    case Strategy::kRedact:
    case Strategy::kNull:
      return 0;
    case Strategy::kPartial:
      magnitude = rule.kind == Kind::kCard
                      ? (magnitude >= kCardKept * kCardKept ? magnitude % kCardKept : 0)
                      : generalise_magnitude(magnitude, rule.step);
      break;
    case Strategy::kGeneralise:
      magnitude = generalise_magnitude(magnitude, rule.step);
      break;
    case Strategy::kPseudonym:
    case Strategy::kHash:
      magnitude = permute_magnitude(magnitude, negative, permuter);
      break;
  }
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

}  // namespace sluice::mask
