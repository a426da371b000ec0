#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "privacy/classes.h"

namespace sluice::privacy {

/// A part of a text that is sensitive.
struct Span {
  size_t begin = 0, end = 0;  ///< bytes, end not included
  Class cls = Class::kNone;
  float confidence = 0;  ///< 0 to 1; what finds hands out is at least kLeastConfidence

  friend bool operator==(const Span&, const Span&) = default;
};

inline constexpr float kLeastConfidence = 0.5F;

/// Transparent, so that views can be looked up.
struct ViewHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using WordSet = std::unordered_set<std::string, ViewHash, std::equal_to<>>;

/// A value of the same row that is known to be sensitive.
struct KnownValue {
  std::string_view text;
  Class cls = Class::kNone;
};

/// What is known of a text besides its bytes. Nothing of it is needed.
struct Context {
  /// Values that stand in sensitive columns of the same row: they and the longer words of names are
  /// found wherever they stand in the text.
  std::vector<KnownValue> known;
  /// Lower-case words that look like names and are none: of products, companies, places that the
  /// table has in other columns.
  const WordSet* harmless = nullptr;
  /// Whether names of people are looked for by their form and surroundings. Off where every value
  /// would be a name by its form, as in columns of titles.
  bool people = true;
  /// Whether names also speak for classes that nobody masks unless a rule says so (find_in_named).
  bool low = false;
};

/// All sensitive parts of `text`, in order, not overlapping. For any bytes, in time linear in the
/// text's length and the number of known values; throws only std::bad_alloc.
std::vector<Span> find_sensitive(std::string_view text, const Context& context = {});

/// Compiles what find_sensitive needs, which otherwise the first call does.
void warm_up_detectors();

}  // namespace sluice::privacy
