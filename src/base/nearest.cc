#include "base/nearest.h"

#include <algorithm>

namespace sluice {
namespace {

/// Words longer than that are no typing error of a known one.
constexpr size_t kLongest = 40;
constexpr size_t kMostErrors = 2;

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kLongest) return {};
  std::string found;
  // As many errors as there are characters would make anything of anything.
  size_t least = std::min(kMostErrors, word.size() - 1) + 1;
  size_t begin_so = 0;
  for (const auto& one : known) {
    if (one.starts_with(word) && ++begin_so == 1) found = one;
  }
  if (begin_so == 1) return found;
  found.clear();
  for (const auto& one : known) {
    if (const size_t errors = edit_distance(word, one); errors < least) {
      least = errors;
      found = one;
    }
  }
  return found;
}

}  // namespace sluice
