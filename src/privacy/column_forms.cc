#include "privacy/column_forms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <set>
#include <string>

#include <fmt/format.h>
#include <re2/re2.h>

#include "privacy/checksums.h"
#include "privacy/fold.h"
#include "privacy/scan.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

std::vector<std::string_view> values_of(const ColumnInput& column) {
  std::vector<std::string_view> out;
  for (const auto& value : column.sample) {
    if (!value || is_placeholder(*value)) continue;
    std::string_view text = *value;
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (text.empty()) continue;
    out.push_back(text);
    if (out.size() >= kMostValues) break;
  }
  return out;
}

template <typename F>
double share(const std::vector<std::string_view>& values, F f) {
  const auto good = std::count_if(values.begin(), values.end(), f);
  return values.empty() ? 0 : static_cast<double>(good) / static_cast<double>(values.size());
}

void offer(ValueVerdict& best, Class cls, float confidence, std::string evidence) {
  if (confidence > best.confidence) best = {cls, confidence, true, std::move(evidence)};
}

struct Plate {
  const char* where;
  const char* form;
  double chance;  ///< share of codes of the same make-up that obey
  /// The newer of two forms, where the older one is that of any code: some must have it.
  const char* newer = nullptr;
};

// Letters that look like digits, vowels that make words, codes of regions and years.
// clang-format off
constexpr Plate kPlates[] = {
    {"France", "[A-HJ-NP-TV-Z]{2}-[0-9]{3}-[A-HJ-NP-TV-Z]{2}", .61},
    {"Italy", "[A-HJ-NPR-TV-Z]{2} ?[0-9]{3} ?[A-HJ-NPR-TV-Z]{2}", .51},
    {"Great Britain", "[A-PR-Y][A-HJ-PR-Y](?:0[2-9]|[12][0-9]|5[1-9]|[67][0-9]) ?[A-HJ-PR-Z]{3}", .39},
    {"Spain", "[0-9]{4}[ -]?[BCDFGHJKLMNPRSTVWXYZ]{3}", .46},
    {"Germany", "[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[ -][0-9]{1,4} ?[EH]?", .25},
    {"the Netherlands", "(?:[BDFGHJ-NPRSTVWXZ]{2}-[0-9]{3}-[BDFGHJ-NPRSTVWXZ]|[BDFGHJ-NPRSTVWXZ]-[0-9]{3}-[BDFGHJ-NPRSTVWXZ]{2}|[0-9]{1,2}-[BDFGHJ-NPRSTVWXZ]{2,3}-[0-9]{1,2}|[BDFGHJ-NPRSTVWXZ]{2}-[0-9]{2}-[BDFGHJ-NPRSTVWXZ]{2}|[BDFGHJ-NPRSTVWXZ]{2}-[BDFGHJ-NPRSTVWXZ]{2}-[0-9]{2})", .35},
    {"Sweden", "[A-HJ-PR-UW-Z]{3} ?[0-9]{2}[A-HJ-NPR-UW-Z0-9]", .69},
    {"Brazil", "[A-Z]{3}(?:[0-9][A-J][0-9]{2}|-?[0-9]{4})", .5, "[A-Z]{3}[0-9][A-J][0-9]{2}"},
    {"India", "(?:A[NPRS]|BR|C[GH]|D[DL]|G[AJ]|H[PR]|J[HK]|K[AL]|L[AD]|M[HLNPZ]|NL|O[DR]|P[BY]|RJ|SK|T[NRS]|U[AKP]|WB)[ -]?[0-9]{1,2}[ -]?[A-Z]{1,3}[ -]?[0-9]{4}", .06},
    {"Denmark or Norway", "[ABCDEFGHJKLMNPRSTUVXYZ]{2} [0-9]{2} ?[0-9]{3}", .7},
    {"Poland", "[BCDEFGKLNOPRSTWZ][A-Z]{1,2} [0-9A-HJ-NP-Y]{4,5}", .6},
    {"Russia", "[АВЕКМНОРСТУХ][0-9]{3}[АВЕКМНОРСТУХ]{2} ?[0-9]{2,3}", .05},
    {"Russia", "[ABEKMHOPCTYX][0-9]{3}[ABEKMHOPCTYX]{2} ?[0-9]{2,3}", .1},
    {"Turkey", "(?:0[1-9]|[1-7][0-9]|8[01]) [A-PR-VYZ]{1,3} [0-9]{2,4}", .6},
    {"Switzerland", "(?:A[GIR]|B[ELS]|FR|G[ELR]|JU|LU|N[EW]|OW|S[GHOZ]|T[GI]|UR|V[DS]|Z[GH])[ -][0-9]{1,6}", .04},
    {"Belgium", "[1-8]-[A-Z]{3}-[0-9]{3}", .5},
    {"Czechia", "[0-9][ABCEHJKLMPSTUZ][0-9A-Z] [0-9]{4}", .5},
    {"Ireland", "[0-9]{2,3}-(?:C[ENW]?|DL?|G|K[EKY]|L[DHKMS]?|M[HNO]|OY|RN|SO|T[NS]?|W[DHWX]?)-[0-9]{1,6}", .1},
    {"Mexico", "[A-HJ-NPR-Z]{3}-[0-9]{3}-[A-HJ-NPR-Z]", .61},
    {"Greece", "[ABEZHIKMNOPTYXΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]{3}[- ]?[0-9]{4}", .16},
    {"Japan", "\\p{Han}{1,4} ?[0-9]{2,3} ?[ぁ-ん] ?[0-9・]{1,2}-?[0-9]{2}", .001},
    {"China", "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·• -]?[A-HJ-NP-Z0-9]{5,6}", .001},
    {"Korea", "(?:[가-힣]{2} ?)?[0-9]{2,3} ?[가-힣] ?[0-9]{4}", .001},
};
// clang-format on

/// What is forbidden means nothing where the letters hardly vary: "PR-123-BX", "PR-124-BX".
bool letters_vary(const std::vector<std::string_view>& values) {
  std::set<char> seen;
  std::set<std::string_view> beginnings;
  for (const std::string_view value : values) {
    for (const char c : value)
      if (is_upper(c)) seen.insert(c);
    beginnings.insert(value.substr(0, 2));
  }
  return seen.size() >= 10 && beginnings.size() >= std::min<size_t>(6, values.size() / 2 + 1);
}

/// Whether all begin with the same letters, as numbers of orders do ("SO-204418").
bool begin_alike(const std::vector<std::string_view>& values) {
  const auto letters = [](std::string_view v) {
    return v.substr(
        0, static_cast<size_t>(std::find_if_not(v.begin(), v.end(), is_letter) - v.begin()));
  };
  const std::string_view first = letters(values.front());
  return values.size() >= 8 && !first.empty() &&
         std::all_of(values.begin(), values.end(),
                     [&](std::string_view v) { return letters(v) == first; });
}

bool covers(const RE2& form, std::string_view value) {
  return RE2::FullMatch({value.data(), value.size()}, form);
}

bool some_cover(const char* form, const std::vector<std::string_view>& values) {
  constexpr double kSome = .1;
  const RE2 expression(form);
  return share(values, [&](std::string_view v) { return covers(expression, v); }) >= kSome;
}

/// Of ten digits in North America the first and the fourth are never 0 or 1.
bool is_nanp(std::string_view v) {
  return v.size() == 10 && all_digits(v) && v[0] >= '2' && v[3] >= '2' &&
         !(v[1] == '1' && v[2] == '1');
}

/// Mobile numbers as they are dialled within countries, with the zero in front.
bool is_national_mobile(std::string_view v) {
  static const RE2 form(
      "0[67][0-9]{8}|07[0-9]{9}|01[567][0-9]{8,9}|0[789]0[0-9]{8}|01[016-9][0-9]{7,8}|04[0-9]{8}|"
      "0[5-9][0-9]{8}");
  return v.size() >= 10 && v.size() <= 12 && v[0] == '0' && covers(form, v);
}

struct Words {
  Class cls;
  const char* what;
  std::string_view words;
};

// Beginnings of words, as fold() gives them.
// clang-format off
constexpr Words kVocabularies[] = {
    {Class::kReligion, "beliefs",
     "catholic katholisch katholik catholique catolic cattolic katholiek katolik rzymskokatolic protestant evangelisch evangelic evangelique lutheran methodist baptist anglican presbyterian pentecostal mormon orthodox ortodox prawoslaw ortodoks "
     "christian christlich chretien cristian cristao kristen chrzescijan muslim moslem musulman muculman musulmano mussulman islam sunni shia shiite jewish judisch juif judi judai ebre ebraic joods zydow hindu hinduist budd boudd sikh jain zoroastr "
     "bahai shinto taoist daoist atheist athee ateo ateu ateist agnosti konfessionslos quaker adventist jehova unitarian rastafar pagan wicca spiritist umbanda candomble "},
    {Class::kEthnicity, "origins or orientations",
     "hispanic latin caucasian african-american afro asian pacific islander multiracial biracial mestizo mulatt parda pardo indigen aborigin maori inuit romani arab roma turkic kurd han hui uyghur uighur zhuang tibetan tutsi hutu yoruba igbo hausa zulu xhosa tamil "
     "heterosexual heterosexuel homosexual homosexuel bisexual bisexuel gay lesbian lesbisch straight asexual pansexual queer "},
};
constexpr std::string_view kMedicalWords =
    " coeliac celiac zoliak lactos laktos gluten intoleran diabet hypertens hypertoni hypotens asthma asthme asma migrain migran epilep depress anxiety angststor schizophren bipolar cancer krebs carcinom karzinom cancro melanom lymphom leuk tumor tumeur tumore anaemi anemi hiv aids tubercul malaria covid influenza "
    "pneumoni obes adipos insomni dementia demenz alzheimer parkinson sclerosis sklerose sclerose stroke schlaganfall infarct infarkt ictus thrombo embol fractur fraktur frattur hernia allerg eczema ekzem psoria pregnan schwanger insuffic insuf renal cardiac cardio coronar "
    "hypothyr hyperthyr cholesterol hyperlipid copd bronchi hepatit cirrho zirrhose ulcer ulkus reflux gastr colit crohn endometri syndrom infection infektion infezione sepsis ptsd adhd autis addict alcoholism alkohol ";
constexpr std::string_view kMedicalEndings[] = {"itis", "itide", "osis", "emia", "aemia", "algia", "pathy", "pathie", "patia", "oma", "plegia", "uria", "phobia", "itis,"};
// clang-format on

bool begins_with_one_of(std::string_view word, std::string_view list) {
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(' ', at), list.size());
    if (end > at && word.starts_with(list.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

/// The different values, folded, and all their words.
struct Vocabulary {
  std::set<std::string> values;

  explicit Vocabulary(const std::vector<std::string_view>& column) {
    for (const std::string_view value : column)
      if (value.size() <= 60) values.insert(fold(value));
  }
  template <typename F>
  size_t with_word(F f) const {
    return static_cast<size_t>(std::count_if(values.begin(), values.end(), [&](const auto& value) {
      for (size_t i = 0; i < value.size();) {
        const size_t end = std::min(value.find_first_of(" ,;/()", i), value.size());
        if (end > i && f(std::string_view(value).substr(i, end - i))) return true;
        i = end + 1;
      }
      return false;
    }));
  }
};

void try_blood(const std::vector<std::string_view>& values, ValueVerdict& best) {
  static const RE2 form(
      "(A|B|AB|O|0) ?(?:[Rr][Hh]\\.? ?)?(?:[+-]|\\(?[+-]\\)|(?i:pos|neg)[a-z]*\\.?)");
  std::set<std::string> groups;
  size_t good = 0;
  for (const std::string_view value : values) {
    std::string group;
    if (!RE2::FullMatch({value.data(), value.size()}, form, &group)) continue;
    ++good;
    groups.insert(group);
  }
  // Marks of schools have signs too, but neither AB nor O, and a C.
  if (values.size() >= 2 && good == values.size() && groups.size() >= 2 &&
      (groups.contains("AB") || groups.contains("O") || groups.contains("0") ||
       values.size() >= 40))
    offer(best, Class::kHealthData, .8F, "the values are blood groups");
}

void try_diagnoses(const std::vector<std::string_view>& values, const Vocabulary& vocabulary,
                   ValueVerdict& best) {
  static const RE2 icd("[A-TV-Z][0-9][0-9A-Z](?:\\.[0-9A-Z]{1,4})?");
  const double codes = share(values, [](std::string_view v) { return covers(icd, v); });
  const double dotted =
      share(values, [](std::string_view v) { return v.size() > 3 && v[3] == '.'; });
  std::set<char> chapters;
  for (const std::string_view value : values) chapters.insert(value[0]);
  if (values.size() >= 3 && codes >= .95 && dotted >= .4 && chapters.size() >= 3)
    offer(best, Class::kHealthData, .7F, "the values have the form of codes of diagnoses (ICD-10)");
  const size_t medical = vocabulary.with_word([](std::string_view word) {
    return (word.size() >= 3 && begins_with_one_of(word, kMedicalWords)) ||
           (word.size() >= 7 && std::any_of(std::begin(kMedicalEndings), std::end(kMedicalEndings),
                                            [&](auto end) { return word.ends_with(end); }));
  });
  if (vocabulary.values.size() >= 3 && medical * 10 >= vocabulary.values.size() * 6)
    offer(best, Class::kHealthData, .75F,
          fmt::format("{} of {} different values are words of diagnoses", medical,
                      vocabulary.values.size()));
}

}  // namespace

bool significant(double passed, double chance, size_t values) {
  if (passed < .95 || values < 3) return false;
  return static_cast<double>(values) * std::log(1 / std::max(chance, 1e-6)) > 9 &&
         passed - chance > .1;
}

bool is_base64_digest(std::string_view value) {
  // "sha512-…" and "SHA256:…", as in lock files and fingerprints of keys.
  static const RE2 named("(?i:sha|md)-?[0-9]{1,3}[-:=][A-Za-z0-9+/_-]{16,90}={0,2}");
  if (covers(named, value)) return true;
  if (value.size() == 24) return value.ends_with("==");
  return value.size() == 28 && value.ends_with('=') && value[26] != '=';
}

void try_plates(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  static const auto* const forms = [] {
    auto* out = new std::vector<std::unique_ptr<RE2>>;
    for (const Plate& plate : kPlates) out->push_back(std::make_unique<RE2>(plate.form));
    return out;
  }();
  if (stats.mean_length < 5 || stats.mean_length > 24 || stats.with_digit < .95 ||
      stats.distinct_share() < .8)
    return;
  const auto values = values_of(column);
  for (size_t i = 0; i < std::size(kPlates); ++i) {
    const Plate& plate = kPlates[i];
    const RE2& form = *(*forms)[i];
    if (!covers(form, values.front())) continue;
    const double passed = share(values, [&](std::string_view v) { return covers(form, v); });
    if (!significant(passed, plate.chance, values.size()) ||
        (plate.chance > .2 ? !letters_vary(values) : begin_alike(values)) ||
        (plate.newer != nullptr && !some_cover(plate.newer, values)))
      continue;
    offer(best, Class::kLicencePlate, .76F - static_cast<float>(plate.chance) * .1F,
          fmt::format("{:.0f} % of the values have the form and letters of plates of {}",
                      passed * 100, plate.where));
  }
}

void try_bare_phones(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  if (stats.digits_only < .97 || stats.rising || stats.distinct_share() < .8 ||
      stats.mean_length < 10 || stats.mean_length > 12)
    return;
  const auto values = values_of(column);
  std::array<std::set<std::string_view>, 3> parts;
  for (const std::string_view value : values)
    for (const size_t at : {0, 1, 2})
      if (value.size() >= at * 3) parts[at].insert(value.substr(at * 3, 3));
  // Numbers that count up have few beginnings, or a first part that never changes.
  const size_t many = std::min<size_t>(20, values.size() / 2 + 1);
  const double nanp = share(values, is_nanp);
  constexpr double kNanpChance = .63;
  if (significant(nanp, kNanpChance, values.size()) && parts[0].size() >= many &&
      parts[1].size() >= many)
    offer(best, Class::kPhone, .7F,
          "numbers of ten digits with area codes and exchanges as in North America");
  // Of China's the second digit says that they are mobile ones.
  static const RE2 chinese("1[3-9][0-9]{9}");
  constexpr double kChineseChance = .07;
  constexpr size_t kOperators = 8;
  if (const double passed = share(values, [](std::string_view v) { return covers(chinese, v); });
      significant(passed, kChineseChance, values.size()) &&
      parts[0].size() >= std::min(kOperators, many) && parts[1].size() >= many &&
      parts[2].size() >= many)
    offer(best, Class::kPhone, .65F, "numbers as mobile telephones have in China");
  constexpr double kMobileChance = .06;
  const double mobile = share(values, is_national_mobile);
  if (significant(mobile, kMobileChance, values.size()) && parts[1].size() >= many &&
      parts[2].size() >= many)
    offer(best, Class::kPhone, .7F, "numbers as mobile telephones have within their country");
}

void try_seeds(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  if (stats.mean_length < 16 || stats.mean_length > 64 || stats.with_space > 0 ||
      stats.distinct_share() < .9 || stats.values < 3)
    return;
  const auto values = values_of(column);
  std::set<char> seen;
  const double seeds = share(values, [&](std::string_view v) {
    while (v.ends_with('=')) v.remove_suffix(1);
    for (const char c : v) seen.insert(c);
    return v.size() >= 16 &&
           v.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == std::string_view::npos;
  });
  // All of the alphabet is used, digits too: no words, and no codes with letters in front.
  const bool digits = std::all_of(std::begin("234567"), std::end("234567") - 1,
                                  [&](char c) { return seen.contains(c); });
  if (seeds == 1 && digits && seen.size() >= 26)
    offer(best, Class::kMfaSeed, .75F,
          "the values are random in the alphabet of base32, as seeds of second factors are");
}

void try_vocabularies(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  if (stats.mean_length < 1.5 || stats.mean_length > 48 || stats.digits_only > 0) return;
  const auto values = values_of(column);
  if (values.empty()) return;
  try_blood(values, best);
  const Vocabulary vocabulary(values);
  try_diagnoses(values, vocabulary, best);
  for (const Words& each : kVocabularies) {
    const size_t known = vocabulary.with_word([&](std::string_view word) {
      return word.size() >= 3 && begins_with_one_of(word, each.words);
    });
    // "none", "other" and "white" stand beside them.
    if (known >= 2 && known * 10 >= vocabulary.values.size() * 5 && vocabulary.values.size() <= 40)
      offer(best, each.cls, .7F,
            fmt::format("{} of {} different values are words for {}", known,
                        vocabulary.values.size(), each.what));
  }
}

}  // namespace sluice::privacy
