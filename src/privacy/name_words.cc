#include "privacy/name_words.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "privacy/fold.h"
#include "privacy/name_dictionary.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

using Dictionary = std::unordered_map<std::string, Concepts, ViewHash, std::equal_to<>>;

void set(Concepts& concepts, Concept concept_) { concepts.set(static_cast<size_t>(concept_)); }

Dictionary build() {
  Dictionary all;
  for (const auto lines : {person_words(), number_words(), thing_words()}) {
    for (const DictionaryLine& line : lines) {
      for (size_t at = 0; at < line.words.size();) {
        const size_t end = std::min(line.words.find(' ', at), line.words.size());
        if (end > at) set(all[fold(line.words.substr(at, end - at))], line.means);
        at = end + 1;
      }
    }
  }
  for (const SchemeWord& scheme : scheme_words()) set(all[fold(scheme.word)], Concept::kScheme);
  return all;
}

const Dictionary& dictionary() {
  static const Dictionary all = build();
  return all;
}

constexpr size_t kLongestName = 128;
constexpr size_t kLongestWord = 28;

/// Where a word ends and another begins: "homeTel", "URLPath", "tel2".
std::vector<std::string> split(std::string_view name) {
  std::vector<std::string> out;
  size_t begin = 0;
  const auto close = [&](size_t end) {
    if (end > begin) out.push_back(fold(name.substr(begin, end - begin)));
  };
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_alnum(c) && !is_high(c)) {
      close(i);
      begin = i + 1;
      continue;
    }
    if (i == begin) continue;
    const char before = name[i - 1];
    const bool hump = is_upper(c) && is_lower(before);
    const bool after_acronym =
        is_upper(c) && is_upper(before) && i + 1 < name.size() && is_lower(name[i + 1]);
    const bool digits = is_digit(c) != is_digit(before);
    if (hump || after_acronym || digits) {
      close(i);
      begin = i;
    }
  }
  close(name.size());
  return out;
}

/// The fewest known words that `word` consists of; empty if there are none. German compounds may
/// have an 's' between them.
std::vector<std::string> take_apart(std::string_view word) {
  constexpr int kNone = 1 << 20;
  constexpr size_t kShortest = 2;
  const size_t n = word.size();
  if (n < 4 || n > 64) return {};
  std::array<int, 65> cost{};
  std::array<size_t, 65> from{};
  cost.fill(kNone);
  cost[0] = 0;
  for (size_t end = kShortest; end <= n; ++end) {
    for (size_t begin = end > kLongestWord ? end - kLongestWord : 0; begin + kShortest <= end;
         ++begin) {
      if (cost[begin] == kNone || !dictionary().contains(word.substr(begin, end - begin))) continue;
      // Short words are found in anything.
      const int price = end - begin == 2 ? 4 : end - begin == 3 ? 3 : 2;
      if (cost[begin] + price < cost[end]) {
        cost[end] = cost[begin] + price;
        from[end] = begin;
      }
    }
    if (end > 5 && word[end - 1] == 's' && cost[end - 1] + 2 < cost[end] &&
        cost[end - 1] != kNone) {
      cost[end] = cost[end - 1] + 2;
      from[end] = end - 1;
    }
  }
  if (cost[n] == kNone || static_cast<size_t>(cost[n]) > n + 2) return {};
  std::vector<std::string> parts;
  for (size_t end = n; end > 0; end = from[end])
    if (end - from[end] > 1) parts.emplace_back(word.substr(from[end], end - from[end]));
  std::reverse(parts.begin(), parts.end());
  return parts;
}

/// "strasse" for "straße" is usual, "fuehrer" for "führer" too.
std::string without_e(std::string_view word) {
  std::string out;
  for (size_t i = 0; i < word.size(); ++i) {
    out += word[i];
    if ((word[i] == 'a' || word[i] == 'o' || word[i] == 'u') && i + 1 < word.size() &&
        word[i + 1] == 'e')
      ++i;
  }
  return out;
}

bool is_number(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), is_digit);
}

}  // namespace

std::vector<std::string> name_words(std::string_view name) {
  name = name.substr(0, kLongestName);
  // "codiceFiscale" and "date_of_birth" are looked up joined as well: "nationalid".
  std::vector<std::string> out, pieces = split(name);
  for (size_t i = 0; i < pieces.size(); ++i) {
    std::string& piece = pieces[i];
    if (is_number(piece)) {
      // "sha256", "ipv4", "cvv2", "2fa".
      if (!out.empty() && dictionary().contains(out.back() + piece)) out.back() += piece;
      continue;
    }
    if (i + 1 < pieces.size() && i > 0 && is_number(pieces[i - 1]) &&
        dictionary().contains(pieces[i - 1] + piece)) {
      out.push_back(pieces[i - 1] + piece);
      continue;
    }
    if (dictionary().contains(piece)) {
      out.push_back(std::move(piece));
      continue;
    }
    auto parts = take_apart(piece);
    if (parts.empty()) {
      if (const std::string umlauts = without_e(piece); umlauts != piece) {
        if (dictionary().contains(umlauts)) {
          out.push_back(umlauts);
          continue;
        }
        parts = take_apart(umlauts);
      }
    }
    if (parts.empty()) {
      out.push_back(std::move(piece));
    } else {
      out.insert(out.end(), std::make_move_iterator(parts.begin()),
                 std::make_move_iterator(parts.end()));
    }
  }
  return out;
}

Concepts meaning(std::string_view word) {
  const auto found = dictionary().find(word);
  return found == dictionary().end() ? Concepts{} : found->second;
}

Concepts meaning_of_name(std::string_view name) {
  Concepts all;
  for (const std::string& word : name_words(name)) all |= meaning(word);
  return all;
}

bool is_meaningless(std::string_view name) {
  constexpr std::string_view kFillers[] = {
      "col",  "column",  "field",   "fld",     "attr", "attribute", "val",   "value",
      "var",  "c",       "f",       "v",       "x",    "a",         "b",     "d",
      "k",    "p",       "data",    "item",    "feld", "champ",     "campo", "spalte",
      "pole", "kolumna", "colonne", "columna", "q",    "s",         "t"};
  const std::vector<std::string> pieces = split(name.substr(0, kLongestName));
  bool digits = false, filler = true;
  for (const std::string& piece : pieces) {
    // "field_c" is the third one as "field3" is.
    const bool letter = piece.size() == 1 && &piece != &pieces.front();
    if (is_number(piece) || letter) {
      digits = true;
    } else if (std::find(std::begin(kFillers), std::end(kFillers), piece) == std::end(kFillers)) {
      filler = false;
    }
  }
  return filler && (digits || pieces.empty() || (pieces.size() == 1 && pieces[0].size() == 1));
}

}  // namespace sluice::privacy
