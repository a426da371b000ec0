#include "privacy/patterns.h"

#include <utility>

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

void PatternList::find(Scan& scan, Judge judge) const {
  const std::string_view text = scan.text();
  for (const Compiled& each : all_) {
    re2::StringPiece rest(text.data(), text.size()), found;
    while (RE2::FindAndConsume(&rest, *each.expression, &found)) {
      if (found.empty()) break;
      const auto begin = static_cast<size_t>(found.data() - text.data());
      std::string_view match = text.substr(begin, found.size());
      // Expressions that end with words may take the end of the sentence along.
      while (!match.empty() &&
             std::string_view(" .,;\n").find(match.back()) != std::string_view::npos)
        match.remove_suffix(1);
      const float confidence =
          judge == nullptr ? each.pattern.confidence : judge(match, each.pattern);
      scan.add(begin, begin + match.size(), each.pattern.cls, confidence);
    }
  }
}

}  // namespace sluice::privacy
