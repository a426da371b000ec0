// Identifiers of letters and digits: IBANs and the codes of code_schemes.h.
#include <algorithm>
#include <array>
#include <string>

#include "privacy/code_schemes.h"
#include "privacy/cues.h"
#include "privacy/payment.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

constexpr size_t kLongest = 34;  // an IBAN

/// Letters and digits from `at` on, as capitals, with single separators taken out; where each came
/// from is in `ends`.
struct Stretch {
  std::string code;
  std::array<size_t, kLongest> ends{};
  size_t groups = 1;
};

Stretch read(std::string_view text, size_t at) {
  Stretch out;
  size_t i = at;
  while (i < text.size() && out.code.size() < kLongest) {
    const char c = text[i];
    if (is_alnum(c)) {
      out.ends[out.code.size()] = i + 1;
      out.code += to_upper(c);
      ++i;
    } else if ((c == ' ' || c == '-' || c == '.') && i + 1 < text.size() && is_alnum(text[i + 1])) {
      ++i;
      ++out.groups;
    } else {
      break;
    }
  }
  return out;
}

bool ends_word(std::string_view text, size_t end) {
  return end >= text.size() || !is_word(text[end]);
}

bool one_case(std::string_view text) {
  return std::none_of(text.begin(), text.end(), is_lower) ||
         std::none_of(text.begin(), text.end(), is_upper);
}

/// Where an IBAN that begins at `at` ends; 0 for none.
size_t iban_end(std::string_view text, const Stretch& stretch) {
  if (stretch.code.size() < 15) return 0;
  const size_t length = iban_length(std::string_view(stretch.code).substr(0, 2));
  if (length == 0 || length > stretch.code.size()) return 0;
  const size_t end = stretch.ends[length - 1];
  return ends_word(text, end) && is_iban(std::string_view(stretch.code).substr(0, length)) ? end
                                                                                           : 0;
}

/// The code may be written with separators only where its parts are of some length: "A 1 B 2" is
/// four words.
bool plausible(std::string_view text, std::string_view code) {
  const auto separators = static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_alnum(c); }));
  return separators * 2 <= code.size() && one_case(text);
}

void consider(Scan& scan, size_t at, const Stretch& stretch) {
  const std::string_view text = scan.text();
  for (const CodeScheme& scheme : code_schemes()) {
    const size_t length = scheme.shape.size();
    if (length > stretch.code.size()) continue;
    const size_t end = stretch.ends[length - 1];
    const std::string_view code = std::string_view(stretch.code).substr(0, length);
    if (!ends_word(text, end) || !matches(scheme, code) ||
        !plausible(text.substr(at, end - at), code))
      continue;
    float confidence = scheme.alone;
    const uint32_t cues = cues_before(text, at);
    if ((cues & (kCueIdentity | kCueVehicle | kCueLicence | kCueInsurance)) != 0)
      confidence = std::min(.97F, confidence + .3F);
    if ((cues & kCueThing) != 0 && (cues & kCueIdentity) == 0) confidence -= .45F;
    scan.add(at, end, scheme.cls, confidence);
  }
}

bool is_code_start(std::string_view text, size_t i) {
  return is_alnum(text[i]) && (i == 0 || !is_word(text[i - 1]));
}

}  // namespace

void find_codes(Scan& scan) {
  const std::string_view text = scan.text();
  for (size_t i = 0; i < text.size();) {
    if (!is_code_start(text, i)) {
      ++i;
      continue;
    }
    // A code has a digit among its first six characters or, as Indian and Mexican ones, soon after.
    size_t word_end = i;
    bool digit = false;
    while (word_end < text.size() && is_alnum(text[word_end])) digit |= is_digit(text[word_end++]);
    const bool joined =
        word_end + 1 < text.size() && !digit && word_end - i <= 6 && is_digit(text[word_end + 1]);
    if (digit || joined) {
      const Stretch stretch = read(text, i);
      if (const size_t end = iban_end(text, stretch); end > 0) {
        scan.add(i, end, Class::kIban, .98F);
        i = end;
        continue;
      }
      consider(scan, i, stretch);
    }
    i = std::max(word_end, i + 1);
  }
}

}  // namespace sluice::privacy
