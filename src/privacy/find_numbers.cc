// Numbers in text: payment cards, national numbers, telephones, dates of birth.
#include <algorithm>
#include <optional>

#include "base/eight_bytes.h"
#include "privacy/checksums.h"
#include "privacy/cues.h"
#include "privacy/fold.h"
#include "privacy/network_ids.h"
#include "privacy/number_schemes.h"
#include "privacy/number_text.h"
#include "privacy/payment.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

constexpr size_t kMostGroups = 8;
constexpr size_t kMostDigits = 19;
constexpr size_t kLeastDigits = 7;

struct Find {
  Class cls = Class::kNone;
  float confidence = 0;
  size_t end = 0;
  size_t groups = 0;
};

/// The words before a number are looked at once, and only if something hangs on them.
class Cues {
 public:
  Cues(std::string_view text, size_t position) : text_(text), position_(position) {}
  uint32_t all() {
    if (!value_) value_ = cues_before(text_, position_);
    return *value_;
  }
  bool has(uint32_t cue) { return (all() & cue) != 0; }

 private:
  std::string_view text_;
  size_t position_;
  std::optional<uint32_t> value_;
};

float card_confidence(const WrittenNumber& number, Cues& cues) {
  if (number.digits.size() < 13 || number.plus || number.parenthesis ||
      !is_card_number(number.digits))
    return 0;
  if (!number.bare())
    return written_as(
               number.form,
               "4 4 4 4|4-4-4-4|4 6 5|4-6-5|4 6 4|4-6-4|4 4 4 4 3|4.4.4.4|4/4/4/4|4-4-4-4-3|8 8")
               ? .98F
               : .3F;
  if (cues.has(kCueCard)) return .97F;
  return cues.has(kCueThing) || cues.has(kCueDevice) ? .35F : .85F;
}

float scheme_confidence(const NumberScheme& scheme, const WrittenNumber& number, Cues& cues) {
  const bool formed = written_as(number.form, scheme.forms);
  if ((!formed && !number.bare()) || !scheme.valid(number.digits)) return 0;
  float confidence = formed ? scheme.formed : scheme.bare;
  const uint32_t fitting = scheme.cls == Class::kImei              ? kCueDevice
                           : scheme.cls == Class::kHealthInsurance ? kCueInsurance | kCueMedical
                                                                   : kCueIdentity;
  if (cues.has(fitting)) return std::min(.97F, confidence + .35F);
  if (cues.has(kCueThing)) confidence -= .45F;
  return confidence;
}

/// "x634", "ext. 634", "#634", "poste 12" belong to the number before them; `said`: by
/// a word.
size_t extension_end(std::string_view text, size_t at, bool* said = nullptr);

float phone_confidence(const WrittenNumber& number, std::string_view text, Cues& cues) {
  float confidence = phone_likeness(number);
  if (number.digits.size() > 15 || is_date(number)) return 0;
  bool extended = false;
  if (extension_end(text, number.end, &extended) > number.end && extended)
    confidence = std::max(confidence, .75F);
  if (cues.has(kCuePhone)) return confidence > 0 ? std::min(.97F, confidence + .3F) : .75F;
  if (cues.has(kCueDirect))
    return confidence > 0              ? std::min(.95F, confidence + .25F)
           : number.digits.size() >= 8 ? .6F
                                       : .4F;
  if (confidence > 0 && cues.has(kCueThing)) confidence -= .35F;
  return confidence;
}

/// Numbers that nothing but the words before them tell from others.
void consider_labelled(const WrittenNumber& number, Cues& cues, Find& best) {
  const auto offer = [&](Class cls, float confidence) {
    if (confidence > best.confidence) best = {cls, confidence, number.end, number.groups};
  };
  if (!number.bare() || number.digits.size() < 6 || cues.all() == 0) return;
  if (cues.has(kCueAccount)) offer(Class::kBankAccount, .7F);
  if (cues.has(kCuePassport)) offer(Class::kPassport, .7F);
  if (cues.has(kCueLicence)) offer(Class::kDrivingLicence, .65F);
  if (cues.has(kCueMedical)) offer(Class::kMedicalRecord, .65F);
  if (cues.has(kCueInsurance) && number.digits.size() >= 8) offer(Class::kHealthInsurance, .6F);
  if (cues.has(kCueIdentity) && number.digits.size() >= 8) offer(Class::kNationalId, .55F);
}

void consider(const WrittenNumber& number, std::string_view text, Cues& cues, Find& best) {
  const auto offer = [&](Class cls, float confidence) {
    // Of two that are as sure the longer one is whole.
    const bool longer = confidence == best.confidence && number.groups > best.groups;
    if (confidence > best.confidence || longer) best = {cls, confidence, number.end, number.groups};
  };
  if (is_date(number)) {
    if (cues.has(kCueBirth)) offer(Class::kBirthDate, .85F);
    return;
  }
  offer(Class::kCardNumber, card_confidence(number, cues));
  if (!number.plus && !number.parenthesis)
    for (const NumberScheme& scheme : number_schemes(number.digits.size()))
      offer(scheme.cls, scheme_confidence(scheme, number, cues));
  offer(Class::kPhone, phone_confidence(number, text, cues));
  consider_labelled(number, cues, best);
}

size_t extension_end(std::string_view text, size_t at, bool* said) {
  // Longer ones first: "ext" begins with none of the others.
  constexpr std::string_view kWords[] = {"extension", "ext",   "x",     "#",         "poste",
                                         "interno",   "int",   "ramal", "dw",        "durchwahl",
                                         "toestel",   "anexo", "wew",   "anknytning"};
  size_t i = at;
  if (i < text.size() && text[i] == ',') ++i;
  if (i < text.size() && text[i] == ' ') ++i;
  const std::string_view rest = text.substr(i);
  const auto* const word = std::find_if(std::begin(kWords), std::end(kWords), [&](auto each) {
    return rest.size() > each.size() &&
           std::equal(each.begin(), each.end(), rest.begin(),
                      [](char small, char c) { return to_lower(c) == small; });
  });
  if (word == std::end(kWords)) return at;
  i += word->size();
  if (said != nullptr) *said = word->size() > 1;
  if (i < text.size() && (text[i] == '.' || text[i] == ':')) ++i;
  if (i < text.size() && text[i] == ' ') ++i;
  const size_t first = i;
  while (i < text.size() && is_digit(text[i]) && i - first < 6) ++i;
  return i > first ? i : at;
}

/// A character of a script that puts no spaces between words: three bytes from U+3000 on.
bool is_unspaced(std::string_view text) {
  const auto [code, length] = decode(text);
  return length == 3 && code >= 0x3000;
}

/// Whether a number may end there: not amid a word, a code or a decimal fraction.
bool may_end(std::string_view text, size_t end) {
  if (end >= text.size()) return true;
  const char next = text[end];
  if (next == 'x') return extension_end(text, end) > end;
  if (is_unspaced(text.substr(end))) return true;
  if (is_word(next)) return false;
  if (next != '-' && next != '_') return true;
  // "1234-4b12": a part of a code.
  for (size_t i = end + 1; i < text.size() && is_word(text[i]); ++i)
    if (!is_digit(text[i])) return false;
  return true;
}

Find best_from(std::string_view text, const DigitGroups& groups, size_t first) {
  Find best;
  WrittenNumber number;
  const DigitGroup& start = groups[first];
  Cues cues(text, start.begin);
  for (size_t n = 0; n < kMostGroups && first + n < groups.size(); ++n) {
    const DigitGroup& group = groups[first + n];
    if (number.digits.size() + (group.end - group.begin) > kMostDigits) break;
    if (n > 0 && group.plus) break;
    extend(number, text, group);
    if (number.digits.size() >= kLeastDigits || (n == 2 && is_date(number)) ||
        (n == 0 && number.digits.size() == 6))
      if (may_end(text, number.end)) consider(number, text, cues, best);
  }
  if (best.confidence >= kLeastConfidence && best.cls == Class::kPhone)
    best.end = extension_end(text, best.end);
  return best;
}

bool may_begin(std::string_view text, size_t at) {
  if (at == 0) return true;
  const char before = text[at - 1];
  if (at >= 3 && is_unspaced(text.substr(at - 3))) return true;
  if (is_word(before)) return false;
  return !((before == '-' || before == '.') && at >= 2 && is_word(text[at - 2]) && before == '-');
}

}  // namespace

void find_numbers(Scan& scan) {
  const std::string_view text = scan.text();
  DigitGroups groups;
  const auto begins = [](uint64_t word) {
    return digits_in(word) | equal_in(word, '+') | equal_in(word, '(');
  };
  for (size_t i = 0;;) {
    i = find_marked(text, i, begins);
    if (i == text.size()) break;
    const bool digit = is_digit(text[i]);
    if (digit && !may_begin(text, i)) {
      while (i < text.size() && is_digit(text[i])) ++i;
      continue;
    }
    if (const size_t uuid = uuid_at(text.substr(i)); uuid > 0) {
      i += uuid;
      continue;
    }
    const size_t end = read_groups(text, i, groups);
    for (size_t g = 0; g < groups.size();) {
      const Find found = best_from(text, groups, g);
      if (found.confidence < kLeastConfidence) {
        ++g;
        continue;
      }
      const DigitGroup& start = groups[g];
      scan.add(start.begin - (start.plus ? 1U : 0U) - (start.opened ? 1U : 0U), found.end,
               found.cls, found.confidence);
      g += found.groups;
    }
    i = std::max(end, i + 1);
  }
}

}  // namespace sluice::privacy
