// Pseudonyms of texts, by kind. A text that is not of the kind it should be of gets the pseudonym
// of any text: its letters and digits are replaced.
#include <algorithm>
#include <array>
#include <span>

#include "mask/alphabet.h"
#include "mask/calendar.h"
#include "mask/check_digits.h"
#include "mask/date_text.h"
#include "mask/shape.h"
#include "mask/text.h"

namespace sluice::mask {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

/// One text in place.
struct Place {
  std::string& text;
  size_t begin, end;
  const Permuter& permuter;

  Bytes view() const { return Bytes(text).substr(begin, end - begin); }
};

bool card(const Place& place) {
  std::string digits;
  std::array<size_t, 19> at{};
  for (size_t i = place.begin; i < place.end; ++i) {
    const char c = place.text[i];
    if (is_digit(c)) {
      if (digits.size() == at.size()) return false;
      at.at(digits.size()) = i;
      digits.push_back(c);
    } else if (c != ' ' && c != '-' && c != '.') {
      return false;
    }
  }
  const size_t count = digits.size();
  if (count < 12 || luhn_digit(Bytes(digits).substr(0, count - 1)) != digits.back()) return false;
  // The first digit tells the scheme and stays.
  Shape shape(place.text);
  for (size_t i = 1; i + 1 < count; ++i) shape.add(at.at(i), '0', 10);
  shape.permute(place.permuter);
  for (size_t i = 0; i + 1 < count; ++i) digits[i] = place.text[at.at(i)];
  digits.pop_back();
  place.text[at.at(count - 1)] = luhn_digit(digits);
  return true;
}

bool iban(const Place& place) {
  std::string plain;
  std::array<size_t, 34> at{};
  for (size_t i = place.begin; i < place.end; ++i) {
    const char c = place.text[i];
    if (c == ' ' || c == '-') continue;
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    if (plain.size() == at.size() || !(is_digit(upper) || is_upper(upper))) return false;
    at.at(plain.size()) = i;
    plain.push_back(upper);
  }
  if (plain.size() < 15 || !is_upper(plain[0]) || !is_upper(plain[1]) || !is_digit(plain[2]) ||
      !is_digit(plain[3]) || mod97(plain.substr(4) + plain.substr(0, 4)) != 1) {
    return false;
  }
  // The country stays: it sets the length.
  Shape shape(place.text);
  for (size_t i = 4; i < plain.size(); ++i) shape.add_letters(at.at(i), at.at(i) + 1);
  shape.permute(place.permuter);
  std::string account;
  for (size_t i = 4; i < plain.size(); ++i) {
    const char c = place.text[at.at(i)];
    account.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c);
  }
  const std::string check = iban_digits(Bytes(plain).substr(0, 2), account);
  place.text[at[2]] = check[0];
  place.text[at[3]] = check[1];
  return true;
}

bool email(const Place& place) {
  const Bytes text = place.view();
  const size_t at = text.rfind('@');
  const size_t dot = text.rfind('.');
  if (at == Bytes::npos || at == 0 || dot == Bytes::npos || dot < at + 2) return false;
  // The top-level domain stays, so that it is one.
  Shape shape(place.text);
  shape.add_letters(place.begin, place.begin + dot);
  shape.permute(place.permuter);
  return true;
}

/// The time of day behind a date, "T12:30:59.25+02:00" or less of it; whether it is one.
bool time_of_day(const Place& place, size_t at) {
  const Bytes text = Bytes(place.text).substr(0, place.end);
  const auto two = [&](size_t i) {
    return i + 2 <= text.size() && is_digit(text[i]) && is_digit(text[i + 1]);
  };
  const auto value = [&](size_t i) {
    return static_cast<uint16_t>((text[i] - '0') * 10 + (text[i + 1] - '0'));
  };
  if (at >= text.size() || (text[at] != ' ' && text[at] != 'T') || !two(at + 1)) return false;
  static constexpr std::array<uint16_t, 3> kRadices = {24, 60, 60};
  std::array<uint16_t, 3> values{};
  size_t count = 0;
  size_t end = at;
  while (count < 3 && end < text.size() && (count == 0 || text[end] == ':') && two(end + 1)) {
    values.at(count) = value(end + 1);
    if (values.at(count) >= kRadices.at(count)) return false;
    ++count;
    end += 3;
  }
  const size_t fraction = end;
  if (end < text.size() && text[end] == '.') {
    for (++end; end < text.size() && is_digit(text[end]);) ++end;
  }
  // What is left may only be a zone.
  if (count < 2 || text.substr(end).find_first_not_of("0123456789:+-Z ") != Bytes::npos) {
    return false;
  }
  place.permuter.permute(std::span(values).first(count), std::span(kRadices).first(count));
  for (size_t i = 0; i < count; ++i) {
    place.text[at + 1 + i * 3] = static_cast<char>('0' + values.at(i) / 10);
    place.text[at + 2 + i * 3] = static_cast<char>('0' + values.at(i) % 10);
  }
  Shape shape(place.text);
  shape.add_digits(fraction, end);
  shape.permute(place.permuter);
  return true;
}

bool date(const Place& place) {
  const auto found = find_date(place.view());
  if (!found) return false;
  Civil civil = found->date;
  if (found->ambiguous) {
    // It must read as a date both ways, and as well afterwards.
    static constexpr std::array<uint16_t, 3> kRadices = {100, 12, 12};
    std::array<uint16_t, 3> values = {static_cast<uint16_t>(civil.year % 100),
                                      static_cast<uint16_t>(civil.month - 1),
                                      static_cast<uint16_t>(civil.day - 1)};
    place.permuter.permute(std::span(values), std::span(kRadices));
    civil = {civil.year / 100 * 100 + values[0], values[1] + 1, values[2] + 1};
  } else {
    int64_t day = to_days(civil);
    do {
      day = permute_day(day, place.permuter);
      civil = to_civil(day);
      // A date that cannot be read two ways never becomes one that can.
    } while (found->year == 6 && civil.day <= 12);
  }
  write_date(place.text, place.begin, *found, civil);
  const size_t rest = place.begin + found->end;
  if (rest < place.end && !time_of_day(place, rest)) {
    Shape shape(place.text);
    shape.add_letters(rest, place.end);
    shape.permute(place.permuter);
  }
  return true;
}

bool ip4(const Place& place) {
  Shape shape(place.text);
  size_t at = place.begin;
  std::array<uint16_t, 4> low{}, values{}, radices{};
  std::array<size_t, 4> lengths{}, starts{};
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0 && (at == place.end || place.text[at++] != '.')) return false;
    starts.at(i) = at;
    unsigned octet = 0;
    while (at < place.end && is_digit(place.text[at]) && at - starts.at(i) < 4) {
      octet = octet * 10 + static_cast<unsigned>(place.text[at++] - '0');
    }
    lengths.at(i) = at - starts.at(i);
    if (lengths.at(i) == 0 || octet > 255 || (octet < 10 && lengths.at(i) != 1)) return false;
    // As many digits as it had.
    low.at(i) = octet < 10 ? 0 : octet < 100 ? 10 : 100;
    radices.at(i) = octet < 10 ? 10 : octet < 100 ? 90 : 156;
    values.at(i) = static_cast<uint16_t>(octet - low.at(i));
  }
  if (at != place.end && place.text[at] != '/') return false;
  place.permuter.permute(std::span(values), std::span<const uint16_t>(radices));
  for (size_t i = 0; i < 4; ++i) {
    const auto number = std::to_string(values.at(i) + low.at(i));
    std::ranges::copy(number, place.text.begin() + static_cast<std::ptrdiff_t>(starts.at(i)));
  }
  return true;
}

bool ip(const Place& place) {
  if (ip4(place)) return true;
  const Bytes text = place.view();
  const size_t end = std::min(text.find('/'), text.size());
  const Bytes address = text.substr(0, end);
  if (std::ranges::count(address, ':') < 2 ||
      !std::ranges::all_of(address, [](char c) { return is_hex(c) || c == ':'; })) {
    return false;
  }
  Shape shape(place.text);
  shape.add_hex(place.begin, place.begin + end);
  shape.permute(place.permuter);
  return true;
}

bool mac(const Place& place) {
  const Bytes text = place.view();
  const auto digits = std::ranges::count_if(text, is_hex);
  if ((digits != 12 && digits != 16) || !std::ranges::all_of(text, [](char c) {
        return is_hex(c) || c == ':' || c == '-' || c == '.';
      })) {
    return false;
  }
  Shape shape(place.text);
  shape.add_hex(place.begin, place.end);
  shape.permute(place.permuter);
  return true;
}

bool uuid(const Place& place) {
  const Bytes text = place.view();
  if (std::ranges::count_if(text, is_hex) != 32 || !std::ranges::all_of(text, [](char c) {
        return is_hex(c) || c == '-' || c == '{' || c == '}';
      })) {
    return false;
  }
  // The version and the variant stay.
  Shape shape(place.text);
  shape.set_hex_case(std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'F'; }));
  size_t number = 0;
  for (size_t i = place.begin; i < place.end; ++i) {
    if (!is_hex(place.text[i])) continue;
    if (number != 12 && number != 16) shape.add_hex(i, i + 1);
    ++number;
  }
  shape.permute(place.permuter);
  return true;
}

/// What Shape does with letters and digits, for what is most often masked so: short texts of ASCII.
bool short_ascii(const Place& place) {
  constexpr size_t kLongest = 64;
  const size_t size = place.end - place.begin;
  if (size > kLongest) return false;
  char* const text = place.text.data() + place.begin;
  std::array<uint16_t, kLongest> values, radices;
  std::array<uint8_t, kLongest> at, first;
  size_t count = 0;
  for (size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x80) return false;
    const Letters letters = ascii_letters(byte);
    if (letters.count == 0) continue;
    values[count] = static_cast<uint16_t>(byte - letters.first);
    radices[count] = letters.count;
    first[count] = static_cast<uint8_t>(letters.first);
    at[count++] = static_cast<uint8_t>(i);
  }
  place.permuter.permute(std::span(values.data(), count),
                         std::span<const uint16_t>(radices.data(), count));
  for (size_t i = 0; i < count; ++i) text[at[i]] = static_cast<char>(first[i] + values[i]);
  return true;
}

bool by_kind(const Place& place, Kind kind) {
  switch (kind) {
    case Kind::kEmail:
      return email(place);
    case Kind::kCard:
      return card(place);
    case Kind::kIban:
      return iban(place);
    case Kind::kDate:
      return date(place);
    case Kind::kIp:
      return ip(place);
    case Kind::kMac:
      return mac(place);
    case Kind::kUuid:
      return uuid(place);
    default:
      return false;
  }
}

}  // namespace

void pseudonymise(std::string& text, size_t begin, size_t end, Kind kind,
                  const Permuter& permuter) {
  if (by_kind({text, begin, end, permuter}, kind)) return;
  if (kind != Kind::kSecret && short_ascii({text, begin, end, permuter})) return;
  Shape shape(text);
  if (kind == Kind::kSecret) {
    shape.add_all(begin, end);
  } else {
    shape.add_letters(begin, end);
  }
  shape.permute(permuter);
}

}  // namespace sluice::mask
