#include "privacy/checksums.h"

#include <algorithm>

namespace sluice::privacy {
namespace {

uint32_t digit(char c) { return static_cast<uint32_t>(c - '0'); }

constexpr uint8_t kDihedral[10][10] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
    {3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
    {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
    {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
constexpr uint8_t kPermutation[8][10] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
    {8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
    {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};

}  // namespace

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool luhn(std::string_view digits) {
  if (digits.size() < 2 || !all_digits(digits)) return false;
  uint32_t sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    uint32_t d = digit(digits[digits.size() - 1 - i]);
    if (i % 2 == 1) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
    sum += d;
  }
  return sum % 10 == 0;
}

uint32_t mod97(std::string_view letters_and_digits) {
  uint32_t rest = 0;
  for (const char c : letters_and_digits) {
    if (c >= '0' && c <= '9') {
      rest = (rest * 10 + digit(c)) % 97;
    } else if (c >= 'A' && c <= 'Z') {
      rest = (rest * 100 + static_cast<uint32_t>(c - 'A') + 10) % 97;
    } else if (c >= 'a' && c <= 'z') {
      rest = (rest * 100 + static_cast<uint32_t>(c - 'a') + 10) % 97;
    } else {
      return 0;
    }
  }
  return rest;
}

bool verhoeff(std::string_view digits) {
  if (digits.size() < 2 || !all_digits(digits)) return false;
  uint8_t check = 0;
  for (size_t i = 0; i < digits.size(); ++i)
    check = kDihedral[check][kPermutation[i % 8][digit(digits[digits.size() - 1 - i])]];
  return check == 0;
}

bool mod11_10(std::string_view digits) {
  if (digits.size() < 2 || !all_digits(digits)) return false;
  uint32_t product = 10;
  for (const char c : digits.substr(0, digits.size() - 1)) {
    uint32_t sum = (digit(c) + product) % 10;
    if (sum == 0) sum = 10;
    product = sum * 2 % 11;
  }
  return (11 - product) % 10 == digit(digits.back());
}

uint32_t weighted(std::string_view digits, std::initializer_list<uint8_t> weights) {
  uint32_t sum = 0;
  size_t i = 0;
  for (const uint8_t weight : weights) {
    if (i >= digits.size()) break;
    sum += digit(digits[i++]) * weight;
  }
  return sum;
}

uint32_t number(std::string_view digits) {
  if (!all_digits(digits) || digits.size() > 9) return 0;
  uint32_t value = 0;
  for (const char c : digits) value = value * 10 + digit(c);
  return value;
}

bool date_like(std::string_view year, std::string_view month, std::string_view day) {
  if (!all_digits(year) || !all_digits(month) || !all_digits(day)) return false;
  if (year.size() == 4 && (number(year) < 1880 || number(year) > 2035)) return false;
  const uint32_t m = number(month), d = number(day);
  if (m < 1 || m > 12 || d < 1) return false;
  constexpr uint8_t kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return d <= kDays[m - 1];
}

}  // namespace sluice::privacy
