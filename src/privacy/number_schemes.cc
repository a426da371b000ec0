#include "privacy/number_schemes.h"

#include <algorithm>
#include <array>
#include <vector>

#include "privacy/checksums.h"

namespace sluice::privacy {
namespace {

using View = std::string_view;

uint32_t at(View d, size_t i) { return static_cast<uint32_t>(d[i] - '0'); }

bool us_ssn(View d) {
  const uint32_t area = number(d.substr(0, 3));
  return area != 0 && area != 666 && area < 900 && d.substr(3, 2) != "00" && d.substr(5) != "0000";
}
bool us_itin(View d) {
  const uint32_t group = number(d.substr(3, 2));
  return d[0] == '9' && ((group >= 50 && group <= 65) ||
                         (group >= 70 && group <= 99 && group != 89 && group != 93));
}
bool uk_nhs(View d) {
  const uint32_t check = 11 - weighted(d, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return check != 10 && check % 11 == at(d, 9);
}
/// Of the first ten digits one stands there twice or three times, one or two are missing.
bool de_tax_id(View d) {
  std::array<int, 10> count{};
  for (const char c : d.substr(0, 10)) ++count[static_cast<size_t>(c - '0')];
  const auto often = std::count_if(count.begin(), count.end(), [](int n) { return n > 1; });
  return d[0] != '0' && often == 1 && *std::max_element(count.begin(), count.end()) <= 3 &&
         mod11_10(d);
}
bool fr_nir(View d) {
  const uint32_t month = number(d.substr(3, 2));
  if ((d[0] != '1' && d[0] != '2' && d[0] != '7' && d[0] != '8') || month == 0 ||
      (month > 12 && month < 20) || month > 42)
    return false;
  const uint64_t body =
      static_cast<uint64_t>(number(d.substr(0, 6))) * 10'000'000 + number(d.substr(6, 7));
  return 97 - body % 97 == number(d.substr(13));
}
bool nl_bsn(View d) {
  const uint32_t sum = weighted(d, {9, 8, 7, 6, 5, 4, 3, 2});
  return sum > 0 && sum % 11 == at(d, 8);
}
bool pl_pesel(View d) {
  const uint32_t month = number(d.substr(2, 2)) % 20;
  const uint32_t check = (10 - weighted(d, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3}) % 10) % 10;
  return check == at(d, 10) && month >= 1 && month <= 12 &&
         date_like("00", month < 10 ? "01" : "12", d.substr(4, 2));
}
/// The day may be raised by 60 (samordningsnummer).
bool se_short(View d) {
  const uint32_t day = number(d.substr(4, 2)) % 60, month = number(d.substr(2, 2));
  return luhn(d) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
bool se_long(View d) {
  return (d[0] == '1' || d[0] == '2') && (d[1] == '8' || d[1] == '9' || d[1] == '0') &&
         se_short(d.substr(2));
}
bool no_fnr(View d) {
  const uint32_t day = number(d.substr(0, 2)) % 40;
  if (day < 1 || day > 31 || number(d.substr(2, 2)) % 40 < 1 || number(d.substr(2, 2)) % 40 > 12)
    return false;
  return (weighted(d, {3, 7, 6, 1, 8, 9, 4, 5, 2}) + at(d, 9)) % 11 == 0 &&
         (weighted(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) + at(d, 10)) % 11 == 0;
}
bool dk_cpr(View d) { return date_like(d.substr(4, 2), d.substr(2, 2), d.substr(0, 2)); }
bool be_rrn(View d) {
  const uint32_t body = number(d.substr(0, 9)), check = number(d.substr(9));
  const uint64_t after2000 = 2'000'000'000ULL + body;
  return number(d.substr(2, 2)) <= 12 && number(d.substr(4, 2)) <= 31 &&
         (97 - body % 97 == check || 97 - after2000 % 97 == check);
}
bool ean(View d) {
  uint32_t sum = 0;
  for (size_t i = 0; i < d.size(); ++i) sum += at(d, d.size() - 1 - i) * (i % 2 == 1 ? 3 : 1);
  return sum % 10 == 0;
}
bool ch_ahv(View d) { return d.starts_with("756") && ean(d); }
bool at_svnr(View d) {
  const uint32_t sum =
      at(d, 0) * 3 + at(d, 1) * 7 + at(d, 2) * 9 + weighted(d.substr(4), {5, 8, 4, 2, 1, 6});
  return d[0] != '0' && sum % 11 == at(d, 3) &&
         date_like(d.substr(8, 2), d.substr(6, 2), d.substr(4, 2));
}
bool cz_rc(View d) {
  const uint32_t month = number(d.substr(2, 2)) % 50 % 20, day = number(d.substr(4, 2));
  const uint64_t whole = static_cast<uint64_t>(number(d.substr(0, 9))) * 10 + at(d, 9);
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
         (whole % 11 == 0 || (whole / 10 % 11 == 10 && d[9] == '0'));
}
bool tr_tckn(View d) {
  const uint32_t odd = at(d, 0) + at(d, 2) + at(d, 4) + at(d, 6) + at(d, 8),
                 even = at(d, 1) + at(d, 3) + at(d, 5) + at(d, 7);
  return d[0] != '0' && (odd * 7 + 80 - even) % 10 == at(d, 9) &&
         (odd + even + at(d, 9)) % 10 == at(d, 10);
}
bool cn_id(View d) {
  return date_like(d.substr(6, 4), d.substr(10, 2), d.substr(12, 2)) &&
         (12 - weighted(d, {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}) % 11) % 11 ==
             at(d, 17);
}
/// Those given out since October 2020 have no check digit, so date and century code must do.
bool kr_rrn(View d) {
  return d[6] >= '1' && d[6] <= '8' && date_like(d.substr(0, 2), d.substr(2, 2), d.substr(4, 2));
}
bool jp_my_number(View d) {
  const uint32_t rest = weighted(d, {6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  return (rest <= 1 ? 0 : 11 - rest) == at(d, 11);
}
bool one_digit(View d) { return d.find_first_not_of(d[0]) == View::npos; }
uint32_t brazilian(uint32_t sum) { return sum % 11 < 2 ? 0 : 11 - sum % 11; }
bool br_cpf(View d) {
  return !one_digit(d) && brazilian(weighted(d, {10, 9, 8, 7, 6, 5, 4, 3, 2})) == at(d, 9) &&
         brazilian(weighted(d, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2})) == at(d, 10);
}
bool br_cnpj(View d) {
  return !one_digit(d) &&
         brazilian(weighted(d, {5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2})) == at(d, 12) &&
         brazilian(weighted(d, {6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2})) == at(d, 13);
}
bool in_aadhaar(View d) { return d[0] >= '2' && verhoeff(d); }
bool ca_sin(View d) { return d[0] != '0' && d[0] != '8' && luhn(d); }
bool au_tfn(View d) { return weighted(d, {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0 && !one_digit(d); }
bool au_medicare(View d) {
  return d[0] >= '2' && d[0] <= '6' && weighted(d, {1, 3, 7, 9, 1, 3, 7, 9}) % 10 == at(d, 8);
}
bool za_id(View d) {
  return luhn(d) && date_like(d.substr(0, 2), d.substr(2, 2), d.substr(4, 2)) &&
         (d[10] == '0' || d[10] == '1');
}
bool ro_cnp(View d) {
  const uint32_t rest = weighted(d, {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9}) % 11;
  return d[0] != '0' && date_like(d.substr(1, 2), d.substr(3, 2), d.substr(5, 2)) &&
         (rest == 10 ? 1 : rest) == at(d, 12);
}
bool bg_egn(View d) {
  const uint32_t month = number(d.substr(2, 2)) % 20, day = number(d.substr(4, 2));
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
         weighted(d, {2, 4, 8, 5, 10, 9, 7, 3, 6}) % 11 % 10 == at(d, 9);
}
bool pt_nif(View d) {
  const uint32_t rest = weighted(d, {9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return View("1235689").find(d[0]) != View::npos && (rest < 2 ? 0 : 11 - rest) == at(d, 8);
}
bool ru_inn(View d) {
  return weighted(d, {7, 2, 4, 10, 3, 5, 9, 4, 6, 8}) % 11 % 10 == at(d, 10) &&
         weighted(d, {3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}) % 11 % 10 == at(d, 11);
}
bool ru_snils(View d) {
  const uint32_t sum = weighted(d, {9, 8, 7, 6, 5, 4, 3, 2, 1}) % 101;
  return (sum == 100 ? 0 : sum) == number(d.substr(9));
}
bool ar_cuil(View d) {
  const uint32_t check = (11 - weighted(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 11;
  return (d[0] == '2' || d[0] == '3') && (check == 10 ? 9 : check) == at(d, 10);
}
bool cl_rut(View d) { return (11 - weighted(d, {3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 11 == at(d, 8); }
bool gr_amka(View d) {
  return luhn(d) && date_like(d.substr(4, 2), d.substr(2, 2), d.substr(0, 2));
}
bool baltic(View d) {
  uint32_t check = weighted(d, {1, 2, 3, 4, 5, 6, 7, 8, 9, 1}) % 11;
  if (check == 10) check = weighted(d, {3, 4, 5, 6, 7, 8, 9, 1, 2, 3}) % 11 % 10;
  return d[0] >= '1' && d[0] <= '8' && date_like(d.substr(1, 2), d.substr(3, 2), d.substr(5, 2)) &&
         check == at(d, 10);
}
bool hr_oib(View d) { return mod11_10(d); }
bool it_vat(View d) { return luhn(d) && d.substr(0, 7) != "0000000"; }
bool il_id(View d) { return luhn(d) && !one_digit(d); }
bool us_ein(View d) { return d.substr(0, 2) != "00" && d[0] != '0'; }
bool imei(View d) {
  // Who gave the number out: so begin those of all telephones in use.
  constexpr std::array<View, 17> kBodies = {"01", "10", "30", "33", "35", "44", "45", "49", "50",
                                            "51", "52", "53", "54", "86", "91", "98", "99"};
  return luhn(d) && !one_digit(d) &&
         std::find(kBodies.begin(), kBodies.end(), d.substr(0, 2)) != kBodies.end();
}

// clang-format off
constexpr NumberScheme kSchemes[] = {
    {"us_ssn", Class::kUsSsn, 9, us_ssn, .88, "3-2-4|3 2 4", .85F, .2F},
    {"us_itin", Class::kUsItin, 9, us_itin, .045, "3-2-4|3 2 4", .85F, .25F},
    {"nl_bsn", Class::kNlBsn, 9, nl_bsn, .09, "4.2.3|3.3.3|4 2 3", .6F, .35F},
    {"ca_sin", Class::kCaSin, 9, ca_sin, .08, "3 3 3|3-3-3", .6F, .3F},
    {"au_tfn", Class::kAuTfn, 9, au_tfn, .09, "3 3 3", .55F, .3F},
    {"pt_nif", Class::kTaxId, 9, pt_nif, .07, "3 3 3", .55F, .3F},
    {"il_id", Class::kNationalId, 9, il_id, .1, "", .2F, .2F},
    {"cl_rut", Class::kNationalId, 9, cl_rut, .09, "2.3.3-1|8-1", .9F, .2F},
    {"us_ein", Class::kTaxId, 9, us_ein, .9, "2-7", .4F, .1F},
    {"uk_nhs", Class::kUkNhs, 10, uk_nhs, .09, "3 3 4|3-3-4", .8F, .4F},
    {"se_personnummer", Class::kSePersonnummer, 10, se_short, .004, "6-4|6+4", .92F, .5F},
    {"at_svnr", Class::kNationalId, 10, at_svnr, .003, "4 6|4-6", .9F, .5F},
    {"cz_rodne_cislo", Class::kNationalId, 10, cz_rc, .022, "6/4", .92F, .5F},
    {"bg_egn", Class::kNationalId, 10, bg_egn, .02, "", .5F, .5F},
    {"dk_cpr", Class::kNationalId, 10, dk_cpr, .036, "6-4", .8F, .2F},
    {"au_medicare", Class::kHealthInsurance, 10, au_medicare, .05, "4 5 1|4-5-1", .9F, .3F},
    {"de_tax_id", Class::kDeTaxId, 11, de_tax_id, .003, "2 3 3 3", .92F, .65F},
    {"pl_pesel", Class::kPlPesel, 11, pl_pesel, .02, "", .8F, .8F},
    {"no_fodselsnummer", Class::kNationalId, 11, no_fnr, .001, "6 5|6-5", .92F, .85F},
    {"be_rijksregister", Class::kNationalId, 11, be_rrn, .0008, "2.2.2-3.2|6-3-2|6 3 2", .95F, .8F},
    {"tr_tckn", Class::kNationalId, 11, tr_tckn, .009, "", .85F, .85F},
    {"br_cpf", Class::kBrCpf, 11, br_cpf, .01, "3.3.3-2|9-2", .97F, .75F},
    {"ru_snils", Class::kNationalId, 11, ru_snils, .01, "3-3-3 2|3-3-3-2", .95F, .6F},
    {"ar_cuil", Class::kTaxId, 11, ar_cuil, .02, "2-8-1", .95F, .6F},
    {"gr_amka", Class::kNationalId, 11, gr_amka, .004, "", .7F, .7F},
    {"ee_lt_isikukood", Class::kNationalId, 11, baltic, .003, "", .8F, .8F},
    {"hr_oib", Class::kNationalId, 11, hr_oib, .1, "", .4F, .4F},
    {"it_partita_iva", Class::kTaxId, 11, it_vat, .1, "", .3F, .3F},
    {"se_personnummer", Class::kSePersonnummer, 12, se_long, .0005, "8-4|8+4|8 4", .95F, .85F},
    {"in_aadhaar", Class::kInAadhaar, 12, in_aadhaar, .08, "4 4 4|4-4-4", .88F, .45F},
    {"jp_my_number", Class::kNationalId, 12, jp_my_number, .09, "4 4 4|4-4-4", .65F, .35F},
    {"ru_inn", Class::kTaxId, 12, ru_inn, .01, "", .7F, .7F},
    {"ch_ahv", Class::kNationalId, 13, ch_ahv, .0001, "3.4.4.2|3 4 4 2", .97F, .9F},
    {"kr_rrn", Class::kNationalId, 13, kr_rrn, .03, "6-7", .9F, .3F},
    {"za_id", Class::kNationalId, 13, za_id, .0007, "6 4 3|6 4 2 1", .85F, .8F},
    {"ro_cnp", Class::kNationalId, 13, ro_cnp, .003, "", .85F, .85F},
    {"br_cnpj", Class::kBrCnpj, 14, br_cnpj, .01, "2.3.3/4-2", .97F, .8F},
    {"fr_nir", Class::kFrNir, 15, fr_nir, .001, "1 2 2 2 3 3 2|13 2|1.2.2.2.3.3.2", .97F, .9F},
    {"imei", Class::kImei, 15, imei, .03, "2-6-6-1|2 6 6 1|8-6-1", .9F, .45F},
    {"cn_resident_id", Class::kNationalId, 18, cn_id, .0001, "6 8 4", .97F, .95F},
};
// clang-format on

}  // namespace

std::span<const NumberScheme> number_schemes() { return kSchemes; }

std::span<const NumberScheme> number_schemes(size_t digits) {
  const auto first = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                  [&](const auto& s) { return s.digits == digits; });
  const auto last =
      std::find_if(first, std::end(kSchemes), [&](const auto& s) { return s.digits != digits; });
  return {first, last};
}

bool written_as(std::string_view form, std::string_view forms) {
  for (size_t start = 0; start < forms.size();) {
    const size_t end = std::min(forms.find('|', start), forms.size());
    if (forms.substr(start, end - start) == form) return true;
    start = end + 1;
  }
  return false;
}

}  // namespace sluice::privacy
