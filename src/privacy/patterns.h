#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include <re2/re2.h>

#include "privacy/scan.h"

namespace sluice::privacy {

/// A kind that a regular expression describes; its first group is what is sensitive. Expressions
/// are over bytes (Latin-1), so that no text is invalid; letters beyond ASCII are the bytes they
/// have in UTF-8.
struct Pattern {
  Class cls;
  float confidence;
  const char* text;
};

/// Some patterns, compiled.
class PatternList {
 public:
  /// The expressions are our own: one that does not compile ends the process.
  PatternList(std::initializer_list<Pattern> patterns);

  /// Adds every match to `scan`; `accept` (null for all) may lower or raise its confidence.
  using Judge = float (*)(std::string_view match, const Pattern& pattern);
  void find(Scan& scan, Judge judge = nullptr) const;

  /// The same around numbers only, so that long texts with few of them cost little: each run of
  /// digits that `wanted` (null for all) accepts with so many bytes before and after it.
  using Wanted = bool (*)(std::string_view text, size_t digit);
  void find_near_digits(Scan& scan, size_t before, size_t after, Judge judge = nullptr,
                        Wanted wanted = nullptr) const;

 private:
  struct Compiled {
    Pattern pattern;
    std::unique_ptr<RE2> expression;
  };
  void find_within(Scan& scan, size_t begin, size_t end, Judge judge) const;

  std::vector<Compiled> all_;
};

}  // namespace sluice::privacy
