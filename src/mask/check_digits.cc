#include "mask/check_digits.h"

namespace sluice::mask {

char luhn_digit(Bytes digits) {
  unsigned sum = 0;
  bool twice = true;
  for (size_t i = digits.size(); i-- > 0; twice = !twice) {
    unsigned digit = static_cast<unsigned>(digits[i] - '0');
    if (twice) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

unsigned mod97(Bytes text) {
  unsigned rest = 0;
  for (const char c : text) {
    rest = c <= '9' ? (rest * 10 + static_cast<unsigned>(c - '0')) % 97
                    : (rest * 100 + static_cast<unsigned>(c - 'A') + 10) % 97;
  }
  return rest;
}

std::string iban_digits(Bytes country, Bytes account) {
  std::string text(account);
  text.append(country).append("00");
  const unsigned check = 98 - mod97(text);
  return {static_cast<char>('0' + check / 10), static_cast<char>('0' + check % 10)};
}

}  // namespace sluice::mask
