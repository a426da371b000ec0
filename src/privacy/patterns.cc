#include "privacy/patterns.h"

#include <algorithm>
#include <utility>

#include "base/eight_bytes.h"

namespace sluice::privacy {

PatternList::PatternList(std::initializer_list<Pattern> patterns) {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(32 << 20);
  for (const Pattern& pattern : patterns) {
    auto expression = std::make_unique<RE2>(pattern.text, options);
    if (!expression->ok() || expression->NumberOfCapturingGroups() != 1) __builtin_trap();
    all_.push_back({pattern, std::move(expression)});
  }
}

void PatternList::find_within(Scan& scan, size_t begin, size_t end, Judge judge) const {
  const std::string_view text = scan.text();
  for (const Compiled& each : all_) {
    re2::StringPiece rest(text.data() + begin, end - begin), found;
    while (RE2::FindAndConsume(&rest, *each.expression, &found)) {
      if (found.empty()) break;
      const auto at = static_cast<size_t>(found.data() - text.data());
      std::string_view match = text.substr(at, found.size());
      // Expressions that end with words may take the end of the sentence along.
      while (!match.empty() &&
             std::string_view(" .,;\n").find(match.back()) != std::string_view::npos)
        match.remove_suffix(1);
      const float confidence =
          judge == nullptr ? each.pattern.confidence : judge(match, each.pattern);
      scan.add(at, at + match.size(), each.pattern.cls, confidence);
    }
  }
}

void PatternList::find(Scan& scan, Judge judge) const {
  find_within(scan, 0, scan.text().size(), judge);
}

void PatternList::find_near_digits(Scan& scan, size_t before, size_t after, Judge judge,
                                   Wanted wanted) const {
  const std::string_view text = scan.text();
  size_t begin = 0, end = 0;  // the part that is gathered and not searched yet
  for (size_t i = 0;;) {
    i = find_marked(text, i, digits_in);
    if (i == text.size()) break;
    const size_t digit = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (wanted != nullptr && !wanted(text, digit)) continue;
    // A part must not begin or end amid a word: expressions look at its edges.
    constexpr size_t kLongestWord = 40;
    size_t from = digit > before ? digit - before : 0;
    for (size_t n = 0; n < kLongestWord && from > 0 && is_word(text[from - 1]); ++n) --from;
    size_t to = std::min(text.size(), i + after);
    for (size_t n = 0; n < kLongestWord && to < text.size() && is_word(text[to]); ++n) ++to;
    if (from > end) {
      if (end > begin) find_within(scan, begin, end, judge);
      begin = from;
    }
    end = std::max(end, to);
  }
  if (end > begin) find_within(scan, begin, end, judge);
}

}  // namespace sluice::privacy
