#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::policy {

/// What is known of a question. A rule that allows needs kYes; one that refuses fires from kMaybe.
enum class Truth : uint8_t { kNo, kMaybe, kYes };
inline Truth both(Truth a, Truth b) { return a < b ? a : b; }
inline Truth either(Truth a, Truth b) { return a < b ? b : a; }
inline Truth truth(bool known) { return known ? Truth::kYes : Truth::kNo; }

/// A name in which any run of characters may stand for a wildcard.
class Glob {
 public:
  /// Stands for a wildcard in `pattern`; it cannot be part of a name.
  static constexpr char kAny = '\0';
  explicit Glob(std::string pattern) : pattern_(std::move(pattern)) {}
  /// Every "*" of `text` is a wildcard; case counts.
  static Glob plain(std::string_view text);

  bool matches(std::string_view name) const;
  /// Matches every name.
  bool all() const { return pattern_.find_first_not_of(kAny) == std::string::npos; }
  /// Matches one name only.
  bool exact() const { return pattern_.find(kAny) == std::string::npos; }
  /// Certainly matches every name that `other` matches.
  bool covers(const Glob& other) const;
  friend bool operator==(const Glob&, const Glob&) = default;

 private:
  std::string pattern_;
};

/// A dotted name as PostgreSQL reads it (unquoted parts fold to lower case, "quoted" ones stay), in
/// which "*" outside quotes is a wildcard within its part.
struct NamePattern {
  std::vector<Glob> parts;
  std::string text;  ///< as written
  bool all() const;
  bool exact() const;
  bool covers(const NamePattern& other) const;
};

/// Reads a pattern of exactly `names.size()` parts, such as {"schema", "table"}; "*" alone is every
/// name. Errors: kInvalidInput with what was expected.
Result<NamePattern> parse_name_pattern(std::string_view text,
                                       const std::vector<std::string_view>& names);

/// A list of words, any of which may match; words that begin with "!" must not.
struct Words {
  std::vector<Glob> any;
  std::vector<Glob> none;
  std::vector<std::string> texts;  ///< as written
  void add(std::string_view text);
  bool matches(std::string_view word) const;
  /// At least one of `words` is wanted and not one is unwanted.
  bool matches_some(const std::vector<std::string>& words) const;
  /// Certainly matches whatever `other` matches.
  bool covers(const Words& other) const;
};

}  // namespace sluice::policy
