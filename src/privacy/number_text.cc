#include "privacy/number_text.h"

#include "privacy/checksums.h"
#include "privacy/number_schemes.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

bool is_separator(char c) { return c == ' ' || c == '-' || c == '.' || c == '/'; }

/// How many bytes of separators lead from `at` to the next digit; npos when something else does.
size_t to_next_digit(std::string_view text, size_t at) {
  constexpr size_t kLongest = 3;
  size_t separators = 0;
  for (size_t i = at; i < text.size() && i < at + kLongest + 1; ++i) {
    const char c = text[i];
    if (is_digit(c)) return i - at;
    if ((c == '/' || c == '-') && i == at + 1 && text[at] == ' ' && i + 2 < text.size() &&
        text[i + 1] == ' ' && is_digit(text[i + 2])) {
      // "04567 / 692749", "04 - 88 - 60 - 10 - 80"
      separators = 0;
    } else if (is_separator(c)) {
      // "a. 5", "1 - 5" and "--" are no parts of one number.
      if (++separators > 1 && !(c == ' ' && text[i - 1] == ')') &&
          !(text[i - 1] == ' ' && c == '('))
        return std::string_view::npos;
    } else if (c != '(' && c != ')') {
      return std::string_view::npos;
    }
  }
  return std::string_view::npos;
}

}  // namespace

size_t read_groups(std::string_view text, size_t from, DigitGroups& groups) {
  groups.clear();
  DigitGroup group;
  size_t i = from;
  if (i < text.size() && text[i] == '+') {
    group.plus = true;
    ++i;
  }
  if (i < text.size() && text[i] == '(') {
    group.opened = true;
    ++i;
    if (i < text.size() && text[i] == '+') {
      group.plus = true;
      ++i;
    }
  }
  if (i >= text.size() || !is_digit(text[i])) return i;
  while (true) {
    group.begin = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    group.end = i;
    groups.push_back(group);
    const size_t gap = to_next_digit(text, i);
    if (gap == std::string_view::npos || gap == 0) return i;
    group = {};
    group.opened = text.substr(i, gap).find('(') != std::string_view::npos;
    i += gap;
  }
}

void extend(WrittenNumber& number, std::string_view text, const DigitGroup& group) {
  if (number.groups == 0) {
    number.begin = group.begin;
    if (group.opened) --number.begin;
    if (group.plus) --number.begin;
    number.form.append(text.substr(number.begin, group.begin - number.begin));
  } else {
    const std::string_view between = text.substr(number.end, group.begin - number.end);
    number.form.append(between == " - " ? std::string_view("-") : between);
  }
  number.plus |= group.plus;
  number.parenthesis |= group.opened;
  number.form.append(std::to_string(group.end - group.begin));
  number.digits.append(text.substr(group.begin, group.end - group.begin));
  number.end = group.end;
  ++number.groups;
}

bool is_date(const WrittenNumber& number) {
  if (number.digits.size() < 5 || number.digits.size() > 8 || number.groups != 3) return false;
  return written_as(number.form,
                    "4-2-2|4/2/2|4.2.2|2-2-4|2/2/4|2.2.4|1/2/4|2/1/4|1.1.4|1.2.4|2.1.4|1/1/4|2/2/"
                    "2|2.2.2|4-1-2|4-2-1|4-1-1");
}

float phone_likeness(const WrittenNumber& number) {
  const std::string_view d = number.digits, form = number.form;
  if (d.size() < 7 || d.size() > 15) return 0;
  if (number.plus) return d.size() >= 8 && d[0] != '0' ? .92F : .3F;
  if (number.bare()) return 0;
  if (is_date(number)) return 0;
  if (number.parenthesis) return d.size() >= 9 && d.size() <= 13 && form.size() <= 20 ? .85F : .4F;
  if (written_as(form, "3-3-4|3.3.4|1-3-3-4|1 3 3 4|1.3.3.4|1 3-3-4|1-3-3-2-2|1 3 3-2-2|1 3 3 2 2"))
    return .8F;
  if (form == "3 3 4") return .6F;
  // "613 339-9950": no area code and no exchange of North America begins with 0 or 1.
  if (written_as(form, "3 3-4|3/3-4|3.3-4") && d[0] >= '2' && d[3] >= '2') return .7F;
  if (number.groups == 4 && form.find('.') != std::string_view::npos &&
      form.find_first_not_of("0123456789.") == std::string_view::npos)
    return 0;  // an IP address or a version
  const size_t first = form.find_first_not_of("0123456789");
  const size_t lead = first == std::string_view::npos ? 0 : static_cast<size_t>(form[0] - '0');
  if (d.starts_with("00") && d.size() >= 10) return .75F;
  const size_t most = number.groups >= 3 ? 13 : 12;  // "0341 155 754617"
  if (d[0] == '0' && d.size() >= 9 && d.size() <= most && lead >= 2 && lead <= 6 &&
      number.groups <= 6)
    return .75F;
  if (d.size() == 9 && d[0] >= '4' && written_as(form, "3 3 3")) return .55F;
  if (written_as(form,
                 "3 2 2 2|3 7|5 5|2 4 4|2 5-4|2 4-4|2 2 2 2|4-4-3|4 3 3|2 3 2 2|3-3-3-3|4 4")) {
    if (form == "5 5") return d[0] >= '6' ? .7F : .3F;
    if (form == "4 4") return .4F;
    if (form == "2 2 2 2") return .5F;
    return .6F;
  }
  return 0;
}

}  // namespace sluice::privacy
