#include "privacy/code_schemes.h"

#include <algorithm>
#include <array>
#include <string>

#include "privacy/checksums.h"

namespace sluice::privacy {
namespace {

using View = std::string_view;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }
bool among(char c, View set) { return set.find(c) != View::npos; }
uint32_t at(View d, size_t i) { return static_cast<uint32_t>(d[i] - '0'); }

bool uk_nino(View c) {
  const View prefix = c.substr(0, 2);
  for (const View never : {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
    if (prefix == never) return false;
  return !among(c[0], "DFIQUV") && !among(c[1], "DFIOQUV") && among(c[8], "ABCD");
}
constexpr View kSpanish = "TRWAGMYFPDXBNJZSQVHLCKE";
bool es_dni(View c) { return kSpanish[number(c.substr(0, 8)) % 23] == c[8]; }
bool es_nie(View c) {
  if (!among(c[0], "XYZ")) return false;
  const uint32_t value = static_cast<uint32_t>(c[0] - 'X') * 10'000'000 + number(c.substr(1, 7));
  return kSpanish[value % 23] == c[8];
}
/// Digits may stand as letters where two people would have the same code (omocodia).
bool it_codice_fiscale(View c) {
  constexpr std::array<uint8_t, 26> kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                            20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  uint32_t sum = 0;
  for (size_t i = 0; i < 15; ++i) {
    const uint32_t value = is_digit(c[i]) ? at(c, i) : static_cast<uint32_t>(c[i] - 'A');
    sum += i % 2 == 0 ? kOdd[value] : value;
  }
  for (const size_t i : {6, 7, 9, 10, 12, 13, 14})
    if (!is_digit(c[i]) && !among(c[i], "LMNPQRSTUV")) return false;
  return among(c[8], "ABCDEHLMPRST") && sum % 26 == static_cast<uint32_t>(c[15] - 'A');
}
bool in_pan(View c) { return among(c[3], "PCHFATBLJG"); }
bool mx_curp(View c) {
  // Ñ would stand after N; it is written X, so letters after N count one more.
  uint32_t sum = 0;
  for (size_t i = 0; i < 17; ++i) {
    uint32_t value = is_digit(c[i]) ? at(c, i) : static_cast<uint32_t>(c[i] - 'A') + 10;
    if (c[i] > 'N') ++value;
    sum += value * static_cast<uint32_t>(18 - i);
  }
  return among(c[10], "HMX") && date_like(c.substr(4, 2), c.substr(6, 2), c.substr(8, 2)) &&
         (10 - sum % 10) % 10 == at(c, 17);
}
bool mx_rfc(View c) { return date_like(c.substr(4, 2), c.substr(6, 2), c.substr(8, 2)); }
bool fi_hetu(View c) {
  constexpr View kCheck = "0123456789ABCDEFHJKLMNPRSTUVWXY";
  // The century sign is a separator for years before 2000 and a letter since.
  const std::string digits = std::string(c.substr(0, 6)).append(c.substr(c.size() - 4, 3));
  return all_digits(digits) && date_like(c.substr(4, 2), c.substr(2, 2), c.substr(0, 2)) &&
         kCheck[number(digits) % 31] == c.back();
}
bool fi_new(View c) { return among(c[6], "ABCDEFYXWVU") && fi_hetu(c); }
bool ie_pps(View c) {
  uint32_t sum = weighted(c, {8, 7, 6, 5, 4, 3, 2});
  if (c.size() == 9) sum += (c[8] == 'W' ? 0 : static_cast<uint32_t>(c[8] - 'A') + 1) * 9;
  return (c.size() == 8 || among(c[8], "ABCDEFGHIW")) &&
         (sum % 23 == 0 ? 'W' : static_cast<char>('A' + sum % 23 - 1)) == c[7];
}
bool sg_nric(View c) {
  uint32_t sum = weighted(c.substr(1), {2, 7, 6, 5, 4, 3, 2});
  if (among(c[0], "TG")) sum += 4;
  if (among(c[0], "ST")) return View("JZIHGFEDCBA")[sum % 11] == c[8];
  return among(c[0], "FG") && View("XWUTRQPNMLK")[sum % 11] == c[8];
}
bool cn_id_x(View c) {
  return c[17] == 'X' && date_like(c.substr(6, 4), c.substr(10, 2), c.substr(12, 2)) &&
         weighted(c, {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}) % 11 == 2;
}
bool tw_id(View c) {
  constexpr std::array<uint8_t, 26> kRegion = {10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21,
                                               22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33};
  const uint32_t region = kRegion[static_cast<size_t>(c[0] - 'A')];
  return among(c[1], "1289") &&
         (region / 10 + region % 10 * 9 + weighted(c.substr(1), {8, 7, 6, 5, 4, 3, 2, 1, 1})) %
                 10 ==
             0;
}
bool cl_rut_k(View c) { return c.back() == 'K' && weighted(c, {3, 2, 7, 6, 5, 4, 3, 2}) % 11 == 1; }
bool fr_nir_corsica(View c) {
  if (c[5] != '2' || !among(c[6], "AB") || !among(c[0], "12")) return false;
  std::string digits(c);
  digits[6] = c[6] == 'A' ? '9' : '8';
  digits[5] = '1';
  const uint64_t body =
      static_cast<uint64_t>(number(digits.substr(0, 6))) * 10'000'000 + number(digits.substr(6, 7));
  return 97 - body % 97 == number(digits.substr(13));
}
/// Surname padded by nines, decade, month (raised by 50 for women), day, year, initials.
bool uk_driver(View c) {
  const size_t letters = c.substr(0, 5).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  if (letters == 0 || (letters != View::npos &&
                       c.substr(letters, 5 - letters).find_first_not_of('9') != View::npos))
    return false;
  const uint32_t month = number(c.substr(6, 2)) % 50, day = number(c.substr(8, 2));
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && (is_letter(c[11]) || c[11] == '9');
}
bool us_mbi(View c) {
  if (c[0] == '0') return false;
  return std::none_of(c.begin(), c.end(), [](char x) { return among(x, "SLOIBZ"); });
}
uint32_t transliterate(char c) {
  if (is_digit(c)) return static_cast<uint32_t>(c - '0');
  constexpr std::array<uint8_t, 26> kValue = {1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4,
                                              5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9};
  return kValue[static_cast<size_t>(c - 'A')];
}
/// ISO 3779 with the check digit that North America requires.
bool vin(View c) {
  constexpr std::array<uint8_t, 17> kWeight = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  uint32_t sum = 0, letters = 0;
  for (size_t i = 0; i < 17; ++i) {
    if (among(c[i], "IOQ")) return false;
    sum += transliterate(c[i]) * kWeight[i];
    letters += is_letter(c[i]);
  }
  return letters >= 2 && letters <= 15 &&
         (sum % 11 == 10 ? 'X' : static_cast<char>('0' + sum % 11)) == c[8];
}

constexpr CodeScheme kSchemes[] = {
    {"uk_nino", Class::kUkNino, "LLDDDDDDL", uk_nino, .09, .9F},
    {"es_dni", Class::kEsDni, "DDDDDDDDL", es_dni, .04, .9F},
    {"es_nie", Class::kEsDni, "LDDDDDDDL", es_nie, .005, .92F},
    {"sg_nric", Class::kNationalId, "LDDDDDDDL", sg_nric, .006, .9F},
    {"it_codice_fiscale", Class::kItCodiceFiscale, "LLLLLLAALAALAAAL", it_codice_fiscale, .01,
     .97F},
    {"in_pan", Class::kInPan, "LLLLLDDDDL", in_pan, .38, .85F},
    {"mx_curp", Class::kMxCurp, "LLLLDDDDDDLLLLLLAD", mx_curp, .005, .97F},
    {"mx_rfc", Class::kTaxId, "LLLLDDDDDDAAA", mx_rfc, .036, .8F},
    {"fi_hetu", Class::kNationalId, "DDDDDDDDDA", fi_hetu, .001, .5F},
    {"fi_hetu", Class::kNationalId, "DDDDDDLDDDA", fi_new, .0005, .95F},
    {"ie_pps", Class::kNationalId, "DDDDDDDL", ie_pps, .04, .85F},
    {"ie_pps", Class::kNationalId, "DDDDDDDLL", ie_pps, .01, .85F},
    {"cn_resident_id", Class::kNationalId, "DDDDDDDDDDDDDDDDDL", cn_id_x, .0001, .95F},
    {"tw_id", Class::kNationalId, "LDDDDDDDDD", tw_id, .04, .8F},
    {"cl_rut", Class::kNationalId, "DDDDDDDDL", cl_rut_k, .003, .9F},
    {"fr_nir", Class::kFrNir, "DDDDDDLDDDDDDDD", fr_nir_corsica, .0001, .95F},
    {"uk_driving_licence", Class::kDrivingLicence, "AAAAADDDDDDAAALL", uk_driver, .04, .85F},
    {"us_mbi", Class::kHealthInsurance, "DLADLADLLDD", us_mbi, .3, .8F},
    {"vin", Class::kVehicleId, "AAAAAAAAAAAAAAAAA", vin, .09, .9F},
};

}  // namespace

std::span<const CodeScheme> code_schemes() { return kSchemes; }

bool matches(const CodeScheme& scheme, std::string_view code) {
  if (code.size() != scheme.shape.size()) return false;
  for (size_t i = 0; i < code.size(); ++i) {
    const char want = scheme.shape[i];
    if (!(want != 'D' && is_letter(code[i])) && !(want != 'L' && is_digit(code[i]))) return false;
  }
  return scheme.valid(code);
}

}  // namespace sluice::privacy
