// Addresses known by their words for streets, in columns whose names say nothing.
#include <algorithm>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "privacy/column_forms.h"
#include "privacy/fold.h"
#include "privacy/scan.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

// Folded, between blanks.
// clang-format off
constexpr std::string_view kStreets =
    " ulica ulice namesti nam trida nabrezi nabr sady utca ut krt korut koz setany fasor str strada bd bulevardul calea aleea sos soseaua intrarea "
    "splaiul piata οδος οδός λεωφορος λεωφόρος λεωφ πλατεια πλατεία παροδος πάροδος вул вулиця просп проспект пров провулок бульв бульвар площа "
    "набережна шосе узвіз ул улица пер переулок наб пр алл ш буд شارع طريق حي ميدان شقة بناية زقاق मकान प्लॉट फ्लैट मार्ग नगर सेक्टर रोड गली चौक "
    "nagar marg flat plot road rd colony street ave avenue viale piazza corso calle avenida rua travessa rue chemin jalan jl soi thanon cad cadde "
    "caddesi sok sokak mah mahallesi bulvari ulitsa prospekt aleja plac pasadizo callejon urbanizacion glorieta canada recanto chacara vila ladeira "
    "canale contrada borgo apo fpo dpo ";
/// The same of words that mean something else within a sentence: "Na Kopci 5", "U Lesa 12".
constexpr std::string_view kFirst = " na u pod nad za ";
// clang-format on

bool is_among(std::string_view words, std::string_view word) {
  return !word.empty() && words.find(" " + std::string(word) + " ") != std::string_view::npos;
}

template <size_t N>
bool ends_with_one(std::string_view word, const std::string_view (&endings)[N]) {
  return std::any_of(std::begin(endings), std::end(endings),
                     [&](std::string_view ending) { return word.ends_with(ending); });
}

/// What a value's words say of it.
struct Words {
  bool street = false;
  size_t small = 0;       ///< ordinary words of four letters or more, as sentences have
  bool province = false;  ///< the first is one of Korea
  bool quarter = false;   ///< another is a road or quarter there
};

Words words_of(std::string_view value) {
  constexpr std::string_view kProvinces[] = {"시", "도", "군"};
  constexpr std::string_view kQuarters[] = {"로", "길", "구", "동", "읍", "면", "가"};
  constexpr size_t kOrdinary = 4;
  Words out;
  for (size_t i = 0; i < value.size();) {
    const size_t end = std::min(value.find_first_of(" ,.\n", i), value.size());
    const std::string_view written = value.substr(i, end - i);
    const std::string word = fold(written);
    const bool known = is_among(kStreets, word) || (i == 0 && is_among(kFirst, word));
    out.street = out.street || known;
    if (!known && written.size() >= kOrdinary && is_lower(written[0])) ++out.small;
    if (i == 0) {
      out.province = ends_with_one(word, kProvinces);
    } else {
      out.quarter = out.quarter || ends_with_one(word, kQuarters);
    }
    i = end + 1;
  }
  return out;
}

bool names_a_street(std::string_view value) {
  constexpr size_t kSentence = 3;
  const Words words = words_of(value);
  return (words.street && words.small < kSentence) || (words.province && words.quarter);
}

}  // namespace

void try_streets(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  constexpr size_t kFewest = 3, kLongest = 90;
  constexpr double kEnough = .45, kNearlyAll = .97;
  // Buildings have names where streets have no numbers.
  const double numbered = stats.no_case > .8 ? .3 : .9;
  if (stats.with_space < .9 || stats.with_digit < numbered || stats.mean_length > kLongest ||
      stats.values < kFewest || stats.distinct_share() < .5)
    return;
  size_t values = 0, named = 0, possible = 0;
  for (const auto& value : column.sample) {
    if (!value || is_placeholder(*value) || values >= kMostValues) continue;
    ++values;
    named += names_a_street(*value) ? 1 : 0;
    possible += plausible(Class::kPostalAddress, *value) ? 1 : 0;
  }
  const double all = static_cast<double>(std::max<size_t>(values, 1));
  const double share = static_cast<double>(named) / all;
  const double found =
      std::max(stats.whole[static_cast<size_t>(Class::kPostalAddress)], stats.address_first);
  constexpr float kConfidence = .7F;
  if (share + found < kEnough || static_cast<double>(possible) / all < kNearlyAll ||
      best.confidence >= kConfidence)
    return;
  best = {Class::kPostalAddress, kConfidence, true,
          fmt::format("words for streets stand in {:.0f} % of the values", share * 100)};
}

}  // namespace sluice::privacy
