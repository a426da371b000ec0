#include "mask/date_text.h"

#include <utility>

namespace sluice::mask {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Digits from `at` on, at most eight.
size_t run_of_digits(Bytes text, size_t at) {
  size_t count = 0;
  while (at + count < text.size() && count < 9 && is_digit(text[at + count])) ++count;
  return count;
}

int number(Bytes digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

bool is_separator(char c) { return c == '-' || c == '/' || c == '.'; }

std::optional<FoundDate> read(Bytes text, FoundDate found) {
  found.date = {number(text.substr(found.year, 4)), number(text.substr(found.month, 2)),
                number(text.substr(found.day, 2))};
  if (!is_date(found.date) || found.date.year == 0) return std::nullopt;
  return found;
}

}  // namespace

std::optional<FoundDate> find_date(Bytes text) {
  const size_t first = run_of_digits(text, 0);
  if (first == 8) return read(text, {.date = {}, .year = 0, .month = 4, .day = 6, .end = 8});
  const auto field = [&](size_t at) { return run_of_digits(text, at); };
  const auto separated = [&](size_t a, size_t b) {
    return b < text.size() && is_separator(text[a]) && text[a] == text[b];
  };
  if (first == 4 && separated(4, 7) && field(5) == 2 && field(8) == 2) {
    return read(text, {.date = {}, .year = 0, .month = 5, .day = 8, .end = 10});
  }
  if (first != 2 || !separated(2, 5) || field(3) != 2 || field(6) != 4) return std::nullopt;
  const bool either = number(text.substr(0, 2)) <= 12 && number(text.substr(3, 2)) <= 12;
  FoundDate found{.date = {}, .year = 6, .month = 3, .day = 0, .end = 10, .ambiguous = either};
  if (number(text.substr(3, 2)) > 12) std::swap(found.month, found.day);
  return read(text, found);
}

void write_date(std::string& text, size_t begin, const FoundDate& found, const Civil& date) {
  const auto put = [&](size_t at, int64_t value, size_t digits) {
    for (size_t i = digits; i-- > 0; value /= 10) {
      text[begin + at + i] = static_cast<char>('0' + value % 10);
    }
  };
  put(found.year, date.year, 4);
  put(found.month, date.month, 2);
  put(found.day, date.day, 2);
}

}  // namespace sluice::mask
