#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::privacy {

/// A run of digits.
struct DigitGroup {
  size_t begin = 0, end = 0;
  bool opened = false;  ///< '(' stands before it
  bool plus = false;    ///< '+' stands before it
};

/// Groups that only separators stand between: "+49 (0)30 123-45".
using DigitGroups = std::vector<DigitGroup>;

/// The run of groups that begins at `from`, where the first digit, '+' or '(' is; returns where it
/// ends. `groups` is empty when there is none.
size_t read_groups(std::string_view text, size_t from, DigitGroups& groups);

/// Some neighbouring groups as one number.
struct WrittenNumber {
  std::string digits;
  std::string form;  ///< "3-2-4", "+2 (1)2 7": lengths and what stands between
  size_t begin = 0, end = 0;
  size_t groups = 0;
  bool plus = false, parenthesis = false;

  bool bare() const { return groups == 1 && !plus && !parenthesis; }
};

/// Adds one more group to `number`.
void extend(WrittenNumber& number, std::string_view text, const DigitGroup& group);

/// Whether this is how telephone numbers are written somewhere, by form and first digits alone;
/// 0 to 1.
float phone_likeness(const WrittenNumber& number);

/// "2021-07-24", "24.07.2021", "7/24/2021".
bool is_date(const WrittenNumber& number);

}  // namespace sluice::privacy
