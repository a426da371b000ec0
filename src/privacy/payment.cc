#include "privacy/payment.h"

#include <algorithm>
#include <string>

#include "privacy/checksums.h"

namespace sluice::privacy {
namespace {

struct Issuer {
  std::string_view name;
  uint32_t from, to;  ///< of the first digits
  uint8_t prefix, shortest, longest;
};
constexpr Issuer kIssuers[] = {
    {"visa", 4, 4, 1, 16, 19},           {"visa", 4, 4, 1, 13, 13},
    {"mastercard", 51, 55, 2, 16, 16},   {"mastercard", 2221, 2720, 4, 16, 16},
    {"amex", 34, 34, 2, 15, 15},         {"amex", 37, 37, 2, 15, 15},
    {"discover", 6011, 6011, 4, 16, 19}, {"discover", 644, 649, 3, 16, 19},
    {"discover", 65, 65, 2, 16, 19},     {"jcb", 3528, 3589, 4, 16, 19},
    {"jcb", 1800, 1800, 4, 15, 15},      {"jcb", 2131, 2131, 4, 15, 15},
    {"diners", 300, 305, 3, 14, 19},     {"diners", 3095, 3095, 4, 14, 19},
    {"diners", 36, 36, 2, 14, 19},       {"diners", 38, 39, 2, 14, 19},
    {"unionpay", 62, 62, 2, 16, 19},     {"maestro", 5018, 5018, 4, 12, 19},
    {"maestro", 5020, 5020, 4, 12, 19},  {"maestro", 5038, 5038, 4, 12, 19},
    {"maestro", 56, 58, 2, 12, 19},      {"maestro", 6304, 6304, 4, 12, 19},
    {"maestro", 6759, 6763, 4, 12, 19},  {"rupay", 60, 60, 2, 16, 16},
    {"rupay", 81, 82, 2, 16, 16},        {"elo", 4011, 4011, 4, 16, 16},
    {"elo", 5067, 5067, 4, 16, 16},      {"elo", 6362, 6363, 4, 16, 16},
    {"mir", 2200, 2204, 4, 16, 19},      {"troy", 9792, 9792, 4, 16, 16},
};

/// "AD24": country and length, from the IBAN registry.
constexpr std::string_view kIbans =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24"
    "FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32"
    "LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24"
    "RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

constexpr std::string_view kCountries =
    "AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW "
    "BY BZ "
    "CA CD CF CG CH CI CK CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ "
    "FK FM "
    "FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IQ "
    "IR IS "
    "IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME "
    "MG MH "
    "MK ML MM MN MO MQ MR MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NZ OM PA PE PF PG PH PK "
    "PL PR "
    "PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SK SL SM SN SO SR SS ST SV SY SZ TC TD "
    "TG TH "
    "TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ";

bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view card_issuer(std::string_view digits) {
  for (const Issuer& issuer : kIssuers) {
    if (digits.size() < issuer.shortest || digits.size() > issuer.longest) continue;
    const uint32_t first = number(digits.substr(0, issuer.prefix));
    if (first >= issuer.from && first <= issuer.to) return issuer.name;
  }
  return {};
}

bool is_card_number(std::string_view digits) {
  return digits.size() >= 12 && digits.size() <= 19 && luhn(digits) && !card_issuer(digits).empty();
}

size_t iban_length(std::string_view country) {
  if (country.size() != 2) return 0;
  for (size_t i = 0; i < kIbans.size(); i += 4)
    if (kIbans.substr(i, 2) == country) return number(kIbans.substr(i + 2, 2));
  return 0;
}

bool is_iban(std::string_view code) {
  if (code.size() < 15 || iban_length(code.substr(0, 2)) != code.size()) return false;
  if (!std::all_of(code.begin(), code.end(), [](char c) { return is_letter(c) || is_digit(c); }))
    return false;
  return mod97(std::string(code.substr(4)).append(code.substr(0, 4))) == 1;
}

bool is_aba_routing(std::string_view digits) {
  if (digits.size() != 9 || !all_digits(digits)) return false;
  const uint32_t first = number(digits.substr(0, 2));
  if (!(first <= 12 || (first >= 21 && first <= 32) || (first >= 61 && first <= 72) || first == 80))
    return false;
  return number(digits) != 0 && weighted(digits, {3, 7, 1, 3, 7, 1, 3, 7, 1}) % 10 == 0;
}

bool is_country(std::string_view code) {
  if (code.size() != 2) return false;
  for (size_t i = 0; i < kCountries.size(); i += 3)
    if (kCountries.substr(i, 2) == code) return true;
  return false;
}

bool is_bic(std::string_view code) {
  if (code.size() != 8 && code.size() != 11) return false;
  for (size_t i = 0; i < code.size(); ++i)
    if (!is_letter(code[i]) && (i < 6 || !is_digit(code[i]))) return false;
  return is_country(code.substr(4, 2));
}

}  // namespace sluice::privacy
