#include "sql/empty_pattern.h"

#include <algorithm>
#include <cctype>

namespace sluice::sql {
namespace {

/// Reads an advanced regular expression of PostgreSQL's, as far as it is of the usual parts.
class Reader {
 public:
  explicit Reader(std::string_view pattern) : rest_(pattern) {}

  bool finds_empty() {
    bool found = false;
    if (!branches(0, found) || !rest_.empty()) return false;
    return found;
  }

 private:
  static constexpr int kDeepest = 32;

  bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }

  /// Reads up to the end of the group. False: it cannot be read. `found`: some branch finds it.
  bool branches(int depth, bool& found) {
    if (depth > kDeepest) return false;
    found = false;
    for (;;) {
      bool empty = true, begins = false, ends = false;
      while (!rest_.empty() && !next_is('|') && !next_is(')')) {
        if (next_is('^') || next_is('$')) {
          // Inside of a group it may stand behind what asks for something.
          if (depth > 0) return false;
          (next_is('^') ? begins : ends) = true;
          rest_.remove_prefix(1);
          continue;
        }
        bool part = false;
        if (!atom(depth, part)) return false;
        empty = empty && part;
      }
      found = found || (empty && !(begins && ends));
      if (!next_is('|')) return true;
      rest_.remove_prefix(1);
    }
  }

  /// One part with what says how often. `empty`: it may be left out.
  bool atom(int depth, bool& empty) {
    empty = false;
    if (next_is('(')) {
      rest_.remove_prefix(1);
      if (rest_.starts_with("?:")) {
        rest_.remove_prefix(2);
      } else if (next_is('?') || next_is('*')) {
        return false;
      }
      if (!branches(depth + 1, empty) || !next_is(')')) return false;
      rest_.remove_prefix(1);
    } else if (next_is('[')) {
      // A first one in it stands for itself.
      const size_t end = rest_.find(']', rest_.starts_with("[^") ? 3 : 2);
      if (end == rest_.npos || rest_.substr(1, end - 1).find_first_of("[\\") != rest_.npos)
        return false;
      rest_.remove_prefix(end + 1);
    } else if (next_is('\\')) {
      constexpr std::string_view kClasses = "dswDSW.*+?()[]{}|^$/-\\";
      if (rest_.size() < 2 || kClasses.find(rest_[1]) == kClasses.npos) return false;
      rest_.remove_prefix(2);
    } else if (next_is('*') || next_is('+') || next_is('?') || next_is('{')) {
      return false;
    } else {
      rest_.remove_prefix(1);
    }
    return times(empty);
  }

  bool times(bool& empty) {
    if (next_is('{')) {
      const size_t end = rest_.find('}');
      if (end == rest_.npos) return false;
      const std::string_view count = rest_.substr(1, end - 1);
      const bool plain = !count.empty() && std::all_of(count.begin(), count.end(), [](char c) {
        return c == ',' || std::isdigit(static_cast<unsigned char>(c)) != 0;
      });
      if (!plain) return false;
      empty = empty || count == "0" || count.starts_with("0,");
      rest_.remove_prefix(end + 1);
    } else if (next_is('*') || next_is('?')) {
      empty = true;
      rest_.remove_prefix(1);
    } else if (next_is('+')) {
      rest_.remove_prefix(1);
    } else {
      return true;
    }
    if (next_is('?')) rest_.remove_prefix(1);  // As little as it can.
    return !next_is('*') && !next_is('+') && !next_is('{');
  }

  std::string_view rest_;
};

}  // namespace

bool finds_empty(std::string_view pattern) {
  // What begins so says how the rest is to be read.
  if (pattern.starts_with("***") || pattern.starts_with("(?")) {
    if (!pattern.starts_with("(?:")) return false;
  }
  return Reader(pattern).finds_empty();
}

}  // namespace sluice::sql
