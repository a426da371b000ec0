#include "privacy/value_form.h"

#include <algorithm>

#include "privacy/checksums.h"
#include "privacy/fold.h"
#include "privacy/known_names.h"
#include "privacy/network_ids.h"
#include "privacy/plain_words.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

struct Makeup {
  size_t digits = 0, letters = 0, spaces = 0, others = 0;
};

Makeup makeup(std::string_view value) {
  Makeup out;
  for (const char c : value) {
    if (is_digit(c)) {
      ++out.digits;
    } else if (is_letter(c) || is_high(c)) {
      ++out.letters;
    } else if (c == ' ') {
      ++out.spaces;
    } else {
      ++out.others;
    }
  }
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool identifier_like(std::string_view value, size_t shortest, size_t longest) {
  const Makeup m = makeup(value);
  return m.digits >= 2 && m.digits + m.letters >= shortest && value.size() <= longest &&
         m.spaces <= 6;
}

bool is_ideograph(char32_t code) { return code >= 0x4E00 && code <= 0x9FFF; }
bool is_kana(char32_t code) { return code >= 0x3040 && code <= 0x30FF; }
bool is_hangul(char32_t code) { return code >= 0xAC00 && code <= 0xD7A3; }

/// Family names of two characters, each between spaces.
bool starts_with_long_family_name(std::string_view value) {
  constexpr std::string_view kNames =
      " 欧阳 歐陽 司徒 司马 司馬 诸葛 諸葛 上官 夏侯 皇甫 尉迟 公孙 公孫 慕容 令狐 端木 东方 東方 "
      "宇文 长孙 "
      "独孤 南宫 轩辕 呼延 西门 南宮 남궁 황보 제갈 선우 독고 사공 서문 ";
  constexpr size_t kBytes = 6;
  return value.size() > kBytes &&
         kNames.find(" " + std::string(value.substr(0, kBytes)) + " ") != std::string_view::npos;
}

/// Names in scripts without capitals are two to six characters long, perhaps with a space.
bool eastern_person(std::string_view value) {
  size_t characters = 0;
  bool kana = false;
  for (size_t i = 0; i < value.size();) {
    const auto [code, length] = decode(value.substr(i));
    kana |= is_kana(code);
    if (code != ' ' && code != 0x3000) {
      if (!is_ideograph(code) && !is_kana(code) && !is_hangul(code)) return false;
      ++characters;
    }
    i += length;
  }
  // Chinese and Korean family names are few and stand first; Japanese ones are written apart or in
  // kana where nothing else tells them from words.
  const bool apart = value.find(' ') != std::string_view::npos || contains(value, "\u3000");
  return characters >= 2 && characters <= 6 &&
         (kana || apart ||
          (characters <= 4 &&
           (starts_with_family_name(value) || starts_with_long_family_name(value))));
}

bool is_title(std::string_view word) {
  constexpr std::string_view kTitles[] = {
      "mr",   "mrs",       "ms", "miss", "dr",       "prof", "jr",   "sr",        "ii",     "iii",
      "iv",   "phd",       "md", "dds",  "dvm",      "herr", "frau", "dipl.-ing", "ing",    "b.sc",
      "m.sc", "univ.prof", "hr", "fr",   "univprof", "mba",  "esq",  "sig",       "sig.ra", "dott",
      "sra",  "srta",      "m",  "mme",  "mlle",     "dna",  "dhr",  "mevr",      "mag",    "lic",
      "mtro", "dipl",      "bc", "mgr",  "rndr",     "mudr", "pan",  "pani"};
  if (word.ends_with('.')) word.remove_suffix(1);
  return std::find(std::begin(kTitles), std::end(kTitles), word) != std::end(kTitles);
}

}  // namespace

bool starts_with_family_name(std::string_view value) {
  constexpr std::string_view kFamilyNames =
      "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧程曹"
      "袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾丁魏薛叶葉阎余潘杜戴夏钟鍾汪田任姜范方石姚谭廖邹熊金陆"
      "郝孔白崔康毛邱秦江史顾侯邵孟龙"
      "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민나진지엄채원"
      "천방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모탁국";
  return value.size() >= 3 && is_high(value[0]) &&
         kFamilyNames.find(value.substr(0, decode(value).length)) != std::string_view::npos;
}

std::string digits_of(std::string_view value) {
  std::string out;
  for (const char c : value)
    if (is_digit(c)) out += c;
  return out;
}

bool is_placeholder(std::string_view value) {
  constexpr std::string_view kNothing[] = {"",     "-",     "--",      "n/a", "na",
                                           "null", "none",  "unknown", "nil", "?",
                                           ".",    "keine", "inconnu", "tbd"};
  const std::string plain = value.size() > 16 ? std::string(value) : fold(value);
  return std::find(std::begin(kNothing), std::end(kNothing), plain) != std::end(kNothing);
}

bool looks_like_person(std::string_view value, bool single) {
  if (value.size() < 2 || value.size() > 60) return false;
  if (eastern_person(value)) return true;
  size_t words = 0, titles = 0;
  for (size_t i = 0; i < value.size();) {
    if (value[i] == ' ' || value[i] == ',') {
      ++i;
      continue;
    }
    const size_t end = std::min(value.find_first_of(" ,", i), value.size());
    const std::string_view word = value.substr(i, end - i);
    i = end;
    const std::string plain = fold(word);
    if (is_title(plain)) {
      ++titles;
      continue;
    }
    if (is_particle(plain) && words + titles > 0) continue;
    if (is_particle(plain) && value.size() > end) continue;
    if (word.find_first_of("0123456789@/&()_#:;+\"") != std::string_view::npos) return false;
    if (!is_capital(decode(word).code)) return false;
    const PlainWord kind = plain_word(plain);
    if (kind == PlainWord::kThing || kind == PlainWord::kSuffix) return false;
    if (kind == PlainWord::kArticle && words == 0) return false;
    ++words;
  }
  return words <= 5 && (words >= 2 || (single && words == 1) || (words == 1 && titles > 0));
}

bool has_no_case(std::string_view value) {
  if (value.empty() || !is_high(value[0])) return false;
  const char32_t code = decode(value).code;
  // Hebrew, Arabic and what lies around them; the scripts of India up to Thai, Lao and Tibetan;
  // Georgian, Ethiopian, Khmer; ideographs, kana and Hangul.
  return (code >= 0x590 && code <= 0x8FF) || (code >= 0x900 && code <= 0x10FF) ||
         (code >= 0x1200 && code <= 0x139F) || (code >= 0x1780 && code <= 0x17FF) ||
         (code >= 0x3040 && code <= 0xD7A3) || (code >= 0xFB50 && code <= 0xFEFF);
}

bool looks_like_firm(std::string_view value) {
  // A name stands before its suffix: "Åsa" is no firm.
  if (value.find(' ') == std::string_view::npos) return contains(value, "&");
  bool last = false, comma = contains(value, ", "), conjunction = false;
  for (size_t i = 0; i < value.size();) {
    const size_t end = std::min(value.find(' ', i), value.size());
    std::string plain = fold(value.substr(i, end - i));
    std::erase(plain, '.');
    std::erase(plain, ',');
    last = plain_word(plain) == PlainWord::kSuffix && plain.size() > 1;
    conjunction |=
        plain == "and" || plain == "und" || plain == "&" || plain == "et" || plain == "y";
    i = end + 1;
  }
  return last || contains(value, "&") || (comma && conjunction);
}

namespace {

/// The year of "1985年3月4日" and "1985년 3월 4일"; 0 if it is none.
int year_in_characters(std::string_view value) {
  constexpr size_t kShortest = 15, kLongest = 24, kYear = 4;
  if (value.size() < kShortest || value.size() > kLongest || !all_digits(value.substr(0, kYear)))
    return 0;
  const std::string_view rest = value.substr(kYear);
  const bool chinese = rest.starts_with("年") && contains(rest, "月") && rest.ends_with("日"),
             korean = rest.starts_with("년") && contains(rest, "월") && rest.ends_with("일");
  return chinese || korean ? static_cast<int>(number(value.substr(0, kYear))) : 0;
}

}  // namespace

int year_of_date(std::string_view written) {
  // "23. 11. 1975", as in Czech, Slovak and Finnish.
  std::string joined;
  if (written.size() <= 14 && written.find(". ") != std::string_view::npos) {
    joined = written;
    for (size_t at = 0; (at = joined.find(". ", at)) != std::string::npos;) joined.erase(++at, 1);
  }
  const std::string_view value = joined.empty() ? written : std::string_view(joined);
  const auto year_ok = [](uint32_t y) { return y >= 1880 && y <= 2100 ? static_cast<int>(y) : 0; };
  if (const int year = year_in_characters(value); year > 0)
    return year_ok(static_cast<uint32_t>(year));
  const size_t end = value.find_first_of(" T");
  const std::string digits = digits_of(value.substr(0, std::min(value.size(), size_t{32})));
  if (value.size() >= 10 && value[4] == '-' && value[7] == '-' &&
      (end == std::string_view::npos || end == 10) &&
      date_like(value.substr(0, 4), value.substr(5, 2), value.substr(8, 2)))
    return year_ok(number(value.substr(0, 4)));
  if (value.size() == 8 && all_digits(value)) {
    if (date_like(value.substr(0, 4), value.substr(4, 2), value.substr(6, 2)))
      return year_ok(number(value.substr(0, 4)));
    if (date_like(value.substr(4, 4), value.substr(2, 2), value.substr(0, 2)))
      return year_ok(number(value.substr(4, 4)));
    return 0;
  }
  if (value.size() < 6 || value.size() > 30 || digits.size() < 5) {
    // "3 May 1980"
    if (value.size() > 30 || value.size() < 8 || digits.size() < 5) return 0;
  }
  if (const size_t mark = value.find_first_of("./-"); mark != std::string_view::npos && mark <= 4 &&
                                                      digits.size() >= 5 && digits.size() <= 8 &&
                                                      value.size() <= 10) {
    const size_t second = value.find(value[mark], mark + 1);
    if (second == std::string_view::npos) return 0;
    const std::string_view a = value.substr(0, mark), b = value.substr(mark + 1, second - mark - 1),
                           c = value.substr(second + 1);
    if (a.size() == 4 && date_like(a, b, c)) return year_ok(number(a));
    if (c.size() == 4 && (date_like(c, b, a) || date_like(c, a, b))) return year_ok(number(c));
    if (c.size() == 2 && (date_like(c, b, a) || date_like(c, a, b)))
      return static_cast<int>(number(c) > 30 ? 1900 + number(c) : 2000 + number(c));
    return 0;
  }
  const Makeup m = makeup(value);
  if (m.letters >= 3 && m.letters <= 14 && m.digits >= 5 && m.digits <= 6 && digits.size() >= 4) {
    const int last = year_ok(number(std::string_view(digits).substr(digits.size() - 4)));
    return last != 0 ? last : year_ok(number(std::string_view(digits).substr(0, 4)));
  }
  return 0;
}

bool looks_random(std::string_view value) {
  if (value.size() < 16 || value.size() > 512 || contains(value, " ") ||
      uuid_at(value) == value.size())
    return false;
  size_t upper = 0, lower = 0, digits = 0, changes = 0;
  bool hex = true;
  int before = -1;
  for (const char c : value) {
    const int kind = is_upper(c) ? 0 : is_lower(c) ? 1 : is_digit(c) ? 2 : 3;
    upper += kind == 0;
    lower += kind == 1;
    digits += kind == 2;
    hex &= kind == 2 || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-' || c == ':';
    changes += kind != before && before >= 0;
    before = kind;
    if (kind == 3 && std::string_view("_-+/=.~").find(c) == std::string_view::npos) return false;
  }
  if (hex || upper < 2 || lower < 2 || digits < 1) return false;
  return changes * 3 >= value.size();
}

bool looks_like_prose(std::string_view value) {
  const Makeup m = makeup(value);
  return m.spaces >= 3 && value.size() >= 20 && m.letters * 2 > value.size();
}

namespace {

/// A date, a year, a range of dates, "080466", or seconds or milliseconds since 1970.
bool plausible_birth(std::string_view value, const Makeup& m) {
  if (year_of_date(value) > 0 || (m.digits == 4 && m.letters == 0)) return true;
  constexpr size_t kDate = 10;
  if (value.size() > kDate && std::string_view("[({").find(value[0]) != std::string_view::npos) {
    value.remove_prefix(value.find_first_not_of("[({\""));
    return year_of_date(value.substr(0, kDate)) > 0;
  }
  if (value.starts_with('-')) value.remove_prefix(1);
  return value.size() >= 5 && value.size() <= 13 && all_digits(value);
}

bool plausible_contact(Class cls, std::string_view value, const Makeup& m) {
  switch (cls) {
    case Class::kPersonName:
      return m.letters >= 1 && m.digits == 0 && !contains(value, "@") && value.size() <= 80 &&
             !contains(value, "_") && m.letters >= m.others;
    case Class::kEmail:
      return contains(value, "@");
    case Class::kPhone:
      return m.digits >= 5 && m.digits <= 18 && m.letters <= 6;
    case Class::kPostalAddress:
      return m.letters >= 3 && value.size() >= 4 && !contains(value, "@") &&
             !contains(value, "://");
    case Class::kBirthDate:
      return plausible_birth(value, m);
    case Class::kAge:
      return m.letters == 0 && m.digits >= 1 && m.digits <= 3;
    case Class::kUserName:
    case Class::kSocialHandle:
      return value.size() >= 2 && value.size() <= 64;
    case Class::kCity:
    case Class::kRegion:
      return m.letters >= 2;
    case Class::kPostcode:
      return m.digits >= 2 && value.size() <= 12;
    default:
      return m.letters + m.digits >= 1;
  }
}

bool plausible_number(Class cls, std::string_view value, const Makeup& m) {
  switch (cls) {
    case Class::kCardNumber:
      return m.digits >= 12 && m.digits <= 19 && m.letters == 0;
    case Class::kCardCode:
      return m.digits >= 3 && m.digits <= 6 && m.letters == 0 && m.others == 0;
    case Class::kCardExpiry:
      return m.digits >= 3;
    case Class::kIban:
      return m.letters >= 2 && m.digits >= 8 && value.size() <= 48;
    case Class::kBankAccount:
      // Payments are addressed by aliases too: an e-mail address, a telephone number, a UUID.
      return (m.digits >= 5 && value.size() <= 40) || contains(value, "@");
    case Class::kBic:
      return m.letters >= 6 && value.size() <= 12;
    case Class::kImei:
      return m.digits >= 14 && m.digits <= 20;
    case Class::kVehicleId:
      return m.letters + m.digits == 17 && m.digits >= 2;
    case Class::kCryptoWallet:
      return m.letters + m.digits >= 24 && m.spaces == 0;
    case Class::kPassport:
    case Class::kDrivingLicence:
    case Class::kHealthInsurance:
      return identifier_like(value, 5, 32);
    case Class::kMedicalRecord:
      return identifier_like(value, 4, 32);
    case Class::kLicencePlate:
      return identifier_like(value, 3, 14);
    case Class::kDeviceId:
      return value.size() >= 6 && m.spaces == 0;
    case Class::kSalary:
      return m.digits >= 3;
    default:
      return is_national_id(cls) ? identifier_like(value, 6, 32) : true;
  }
}

}  // namespace

bool plausible(Class cls, std::string_view value) {
  const Makeup m = makeup(value);
  switch (cls) {
    case Class::kNone:
      return true;
    case Class::kIpAddress:
      return ipv4_at(value) > 0 || ipv6_at(value) > 0;
    case Class::kMacAddress:
      return mac_at(value) > 0 || (value.size() == 12 && m.digits + m.letters == 12);
    case Class::kGeoPosition:
      return m.digits >= 2 &&
             (contains(value, ".") || contains(value, ",") || contains(value, "°"));
    case Class::kPassword:
      return value.size() >= 3;
    case Class::kPasswordHash:
    case Class::kApiKey:
    case Class::kAccessToken:
    case Class::kJwt:
      return value.size() >= 8 && m.spaces <= 2;
    case Class::kSessionCookie:
      // Conferences have sessions too: "Afternoon 2".
      return value.size() >= 8 && m.digits >= 1 && (m.letters >= 1 || value.size() >= 16) &&
             (m.spaces == 0 || contains(value, "="));
    case Class::kMfaSeed:
      return value.size() >= 6 && (m.digits >= 1 || m.letters >= 12);
    case Class::kPrivateKey:
      return value.size() >= 32;
    case Class::kConnectionString:
      return contains(value, "://") || contains(value, "=") || contains(value, "@");
    case Class::kSeedPhrase:
      return m.spaces >= 11;
    case Class::kHealthData:
      return value.size() >= 1;
    default:
      return info(cls).category == Category::kFinancial ||
                     info(cls).category == Category::kHealth || is_national_id(cls) ||
                     cls == Class::kPassport || cls == Class::kDrivingLicence ||
                     cls == Class::kVehicleId || cls == Class::kLicencePlate ||
                     cls == Class::kImei || cls == Class::kDeviceId
                 ? plausible_number(cls, value, m)
                 : plausible_contact(cls, value, m);
  }
}

}  // namespace sluice::privacy
