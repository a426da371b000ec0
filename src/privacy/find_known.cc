// Values of the same row: who stands in one column is often named in another's text.
#include <algorithm>
#include <string>

#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

bool is_free(std::string_view text, size_t begin, size_t end) {
  return (begin == 0 || !is_word(text[begin - 1])) && (end >= text.size() || !is_word(text[end]));
}

void find_all(Scan& scan, std::string_view lower, std::string_view value, Class cls,
              float confidence) {
  for (size_t at = lower.find(value); at != std::string_view::npos;
       at = lower.find(value, at + value.size()))
    if (is_free(lower, at, at + value.size())) scan.add(at, at + value.size(), cls, confidence);
}

/// The longer words of a name, each by itself and capitalised.
void find_words(Scan& scan, std::string_view lower, std::string_view name) {
  for (size_t i = 0; i < name.size();) {
    size_t end = i;
    while (end < name.size() && (is_word(name[end]) || name[end] == '-')) ++end;
    if (end - i >= 4) {
      const std::string_view word = name.substr(i, end - i);
      for (size_t at = lower.find(word); at != std::string_view::npos;
           at = lower.find(word, at + word.size())) {
        const char first = scan.text()[at];
        if (is_free(lower, at, at + word.size()) && (is_upper(first) || is_high(first)))
          scan.add(at, at + word.size(), Class::kPersonName, .8F);
      }
    }
    i = end + 1;
  }
}

}  // namespace

void find_known(Scan& scan) {
  constexpr size_t kShortest = 4;
  constexpr size_t kMost = 64;
  std::string lower;
  size_t count = 0;
  for (const KnownValue& known : scan.context().known) {
    if (known.text.size() < kShortest || known.text.size() > scan.text().size() + 64 ||
        ++count > kMost)
      continue;
    // Longer than the text, a name may still have a word in it.
    if (known.text.size() > scan.text().size() && known.cls != Class::kPersonName) continue;
    if (lower.empty()) lower = ascii_lower(scan.text());
    const std::string value = ascii_lower(known.text);
    find_all(scan, lower, value, known.cls, .9F);
    if (known.cls == Class::kPersonName) find_words(scan, lower, value);
  }
}

}  // namespace sluice::privacy
