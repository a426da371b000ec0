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

 private:
  struct Compiled {
    Pattern pattern;
    std::unique_ptr<RE2> expression;
  };
  std::vector<Compiled> all_;
};

}  // namespace sluice::privacy
