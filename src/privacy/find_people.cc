// Names of people in running text. There is no list of names: their form (neighbouring capitalised
// words that are no ordinary ones) and what stands around them tell.
#include <algorithm>
#include <string>

#include "privacy/cues.h"
#include "privacy/fold.h"
#include "privacy/plain_words.h"
#include "privacy/scan.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

struct Word {
  size_t begin = 0, end = 0;
  bool capitalised = false;  ///< a capital, then small letters: "Anna", "McBride", "O'Neil"
  bool initial = false;      ///< "J."
  bool acronym = false;      ///< capitals only
  bool sentence = false;     ///< begins one
};

bool joins(std::string_view text, size_t i) {
  // An apostrophe or hyphen between letters, U+2019 too.
  if (text[i] == '\'' || text[i] == '-')
    return i + 1 < text.size() && (is_letter(text[i + 1]) || is_high(text[i + 1]));
  return false;
}

/// The word that begins at `i`, where a letter is. Digits make it no word of a name.
Word read_word(std::string_view text, size_t i) {
  Word word;
  word.begin = i;
  int capitals = 0, small = 0, others = 0;
  bool first = true;
  while (i < text.size()) {
    const auto [code, length] = decode(text.substr(i));
    if (is_capital(code)) {
      ++capitals;
      if (first) word.capitalised = true;
    } else if (is_small(code)) {
      ++small;
    } else if (is_digit(text[i]) || text[i] == '_') {
      ++others;
    } else if (code >= 0x300 && code <= 0x36F) {
      // A combining accent.
    } else if (!joins(text, i) &&
               !(code == 0x2019 && i + 3 < text.size() && is_letter(text[i + 3]))) {
      break;
    }
    first = false;
    i += length;
  }
  word.end = std::max(i, word.begin + 1);
  word.acronym = word.capitalised && small == 0 && capitals > 1;
  word.initial = word.capitalised && capitals == 1 && small == 0 && others == 0;
  word.capitalised = word.capitalised && small > 0 && others == 0;
  return word;
}

bool starts_word(std::string_view text, size_t i) {
  if (!is_letter(text[i]) && !is_high(text[i])) return false;
  const char32_t code = decode(text.substr(i)).code;
  return is_capital(code) || is_small(code);
}

class Names {
 public:
  explicit Names(Scan& scan) : scan_(scan), text_(scan.text()) {}

  void run() {
    bool sentence = true;
    for (size_t i = 0; i < text_.size();) {
      const char c = text_[i];
      if (!starts_word(text_, i)) {
        if (is_digit(c)) {
          // What begins with a digit is no word.
          while (i < text_.size() && is_word(text_[i])) ++i;
          flush();
          sentence = false;
          continue;
        }
        if (c != ' ' || (i > 0 && text_[i - 1] == ' ')) {
          const bool after_initial =
              c == '.' && !run_.empty() && run_.back().initial && run_.back().end == i;
          if (!after_initial) flush();
          if (c == '.' || c == '!' || c == '?' || c == '\n' || c == ':' || c == '"')
            sentence = !after_initial;
        }
        i += is_high(c) ? decode(text_.substr(i)).length : 1;
        continue;
      }
      if (is_lower(c) && run_.empty() && !begins_name(i)) {
        // Most words: they only stand before others.
        before_ = {};
        before_.begin = i;
        do {
          while (i < text_.size() && is_lower(text_[i])) ++i;
        } while (i < text_.size() && (is_high(text_[i]) || joins(text_, i)) && ++i > 0);
        before_.end = i;
        has_before_ = true;
        sentence = false;
        if (i < text_.size() && is_word(text_[i])) {
          while (i < text_.size() && is_word(text_[i])) ++i;
          before_.end = i;
        }
        continue;
      }
      Word word = read_word(text_, i);
      word.sentence = sentence;
      sentence = false;
      i = word.end;
      take(word);
    }
    flush();
  }

 private:
  std::string folded(const Word& word) const {
    return fold(text_.substr(word.begin, std::min<size_t>(word.end - word.begin, 40)));
  }

  void take(const Word& word) {
    const bool part = word.capitalised || word.initial;
    if (part || (word.acronym && !run_.empty() && run_.back().acronym)) {
      run_.push_back(word);
      if (run_.size() > kLongestName) flush();
      return;
    }
    if ((!run_.empty() || begins_name(word.begin)) && word.end - word.begin <= 6 &&
        is_particle(text_.substr(word.begin, word.end - word.begin))) {
      run_.push_back(word);
      return;
    }
    flush();
    before_ = word;
    has_before_ = true;
  }

  bool is_title(const Word& word) const { return (cue_of(folded(word)) & kCuePerson) != 0; }

  /// "dhr. van Dijk": whether a particle at `i` stands behind a form of address.
  bool begins_name(size_t i) const {
    if (!has_before_ || i - before_.end > 2 || !is_title(before_)) return false;
    const Word word = read_word(text_, i);
    return word.end - word.begin <= 3 && word.end < text_.size() && text_[word.end] == ' ' &&
           is_particle(text_.substr(word.begin, word.end - word.begin));
  }

  /// Whether a form of address stands before the word: "Mme Le Goff", "Mevrouw van der Berg".
  bool is_titled(size_t at) const {
    // "Herr der Lage" is nobody: German names begin otherwise.
    const std::string word = folded(run_[at]);
    if (word == "der" || word == "die" || word == "das" || word == "den" || word == "dem")
      return false;
    const bool small = !is_part(run_[at]) || plain_word(word) == PlainWord::kArticle;
    if (!small || is_title(run_[at])) return false;
    if (at > 0) return is_title(run_[at - 1]);
    return has_before_ && run_[at].begin - before_.end <= 2 && is_title(before_);
  }

  /// Leaves away words that stand before a name and particles at its end.
  void trim() {
    // "Account Manager Rohan D.": what stands before a role belongs to it.
    size_t drop = 0;
    for (size_t i = 0; i + 2 < run_.size(); ++i)
      if (is_part(run_[i]) && plain_word(folded(run_[i])) == PlainWord::kOpener) drop = i;
    while (drop < run_.size() && !(drop + 1 < run_.size() && is_titled(drop)) &&
           (plain_word(folded(run_[drop])) == PlainWord::kOpener ||
            plain_word(folded(run_[drop])) == PlainWord::kArticle || !is_part(run_[drop]))) {
      before_ = run_[drop];
      has_before_ = true;
      ++drop;
    }
    run_.erase(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(drop));
    while (!run_.empty() && !run_.back().capitalised) run_.pop_back();
  }
  static bool is_part(const Word& word) { return word.capitalised || word.initial; }

  void flush() {
    if (run_.empty()) return;
    trim();
    if (!run_.empty()) judge();
    if (!run_.empty()) {
      before_ = run_.back();
      has_before_ = true;
    }
    run_.clear();
  }

  void judge() {
    const auto parts = static_cast<size_t>(std::count_if(run_.begin(), run_.end(), is_part));
    const size_t begin = run_.front().begin, end = run_.back().end;
    const uint32_t cue = has_before_ && begin - before_.end <= 3 ? cue_of(folded(before_)) : 0;
    const bool titled = (cue & kCuePerson) != 0;
    if (parts < 2 && !(titled && end - begin >= 3)) return;
    bool all_harmless = scan_.context().harmless != nullptr;
    for (const Word& word : run_) {
      if (!is_part(word)) continue;
      const std::string plain = folded(word);
      const PlainWord kind = plain_word(plain);
      if (kind == PlainWord::kThing || kind == PlainWord::kSuffix) return;
      if (all_harmless && !scan_.context().harmless->contains(plain)) all_harmless = false;
    }
    if (all_harmless) return;
    const bool article = has_before_ && begin - before_.end == 1 &&
                         plain_word(folded(before_)) == PlainWord::kArticle;
    float confidence = parts < 2 ? .75F : .62F;
    if (titled || (cue & kCueDirect) != 0) confidence += .25F;
    if (article) confidence -= .4F;
    if (run_.front().sentence && parts == 2 && cue == 0) confidence -= .04F;
    scan_.add(begin, end, Class::kPersonName, std::min(confidence, .95F));
  }

  static constexpr size_t kLongestName = 6;
  Scan& scan_;
  std::string_view text_;
  std::vector<Word> run_;
  Word before_;
  bool has_before_ = false;
};

/// Where the run of ideographs or Hangul begins that ends at `end`, of at most so many characters.
size_t run_before(std::string_view text, size_t end, size_t most) {
  for (size_t n = 0; n < most && end >= 3; ++n) {
    const auto [code, length] = decode(text.substr(end - 3));
    const bool ideograph = (code >= 0x4E00 && code <= 0x9FFF) || code == 0x3005,
               hangul = code >= 0xAC00 && code <= 0xD7A3;
    if (length != 3 || (!ideograph && !hangul)) break;
    end -= 3;
  }
  return end;
}

/// Where a family name begins that is written apart from the given name at `at`: "山田 花子".
size_t family_before(std::string_view text, size_t at) {
  constexpr std::string_view kWideSpace = "\u3000";
  const size_t gap = text.substr(0, at).ends_with(' ')          ? 1
                     : text.substr(0, at).ends_with(kWideSpace) ? kWideSpace.size()
                                                                : 0;
  if (gap == 0) return at;
  const size_t begin = run_before(text, at - gap, 3);
  // A longer run is a word of the sentence.
  return begin < at - gap && run_before(text, begin, 1) == begin ? begin : at;
}

/// 山田様, 山田 花子様, 김영수님, 王先生: a name of two to four characters before a form of
/// address.
void find_addressed(Scan& scan) {
  constexpr std::string_view kForms[] = {"様", "さん", "氏", "先生", "女士", "小姐", "님", "씨"};
  constexpr size_t kBytes = 3;  // of one character
  const std::string_view text = scan.text();
  for (const std::string_view form : kForms) {
    for (size_t at = text.find(form); at != std::string_view::npos;
         at = text.find(form, at + form.size())) {
      const bool chinese = form == "先生" || form == "女士" || form == "小姐";
      const size_t longest = chinese ? 3 : 4;
      size_t begin = run_before(text, at, longest);
      // Of Chinese names the family name stands first: what stands before it is no part of it.
      if (chinese && at - begin == longest * kBytes &&
          !starts_with_family_name(text.substr(begin, kBytes)))
        begin += kBytes;
      if (!chinese && begin < at) begin = family_before(text, begin);
      if (at - begin >= 2 * kBytes) scan.add(begin, at, Class::kPersonName, .7F);
    }
  }
}

}  // namespace

void find_people(Scan& scan) {
  Names(scan).run();
  find_addressed(scan);
}

}  // namespace sluice::privacy
