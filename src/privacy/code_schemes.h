#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "privacy/classes.h"

namespace sluice::privacy {

/// A numbering scheme of letters and digits.
struct CodeScheme {
  std::string_view name;
  Class cls;
  /// L a letter, D a digit, A either; separators between them are taken out before.
  std::string_view shape;
  /// Of the upper-case code without separators, which has the shape.
  bool (*valid)(std::string_view code);
  double chance;  ///< share of arbitrary codes of that shape that pass
  float alone;    ///< how sure a lone code in text is
};

std::span<const CodeScheme> code_schemes();

/// Whether `code` (upper case, no separators) is one.
bool matches(const CodeScheme& scheme, std::string_view code);

}  // namespace sluice::privacy
