#include "audit/words.h"

#include <algorithm>

namespace sluice::audit {

std::vector<WantedWord> wanted_words(Bytes query) {
  std::vector<WantedWord> out;
  while (!query.empty()) {
    const size_t end = std::min(query.find_first_of(" \t\r\n"), query.size());
    const Bytes part = query.substr(0, end);
    const size_t before = out.size();
    for_each_word(part, [&](Bytes word) { out.push_back({std::string(word), false}); });
    if (out.size() > before && part.ends_with('*')) out.back().beginning = true;
    query.remove_prefix(std::min(query.size(), end + 1));
  }
  return out;
}

bool has_words(Bytes text, Bytes query) {
  auto missing = wanted_words(query);
  for_each_word(text, [&](Bytes word) {
    std::erase_if(missing, [&](const WantedWord& wanted) {
      return wanted.beginning ? word.starts_with(wanted.word) : word == wanted.word;
    });
  });
  return missing.empty();
}

std::string match_expression(Bytes query) {
  std::string out;
  for (const auto& [word, beginning] : wanted_words(query)) {
    if (!out.empty()) out += " AND ";
    out += '"' + word + '"';
    if (beginning) out += '*';
  }
  return out;
}

}  // namespace sluice::audit
