#include "privacy/checksums.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "privacy/code_schemes.h"
#include "privacy/network_ids.h"
#include "privacy/number_schemes.h"
#include "privacy/payment.h"
#include "privacy/wallets.h"

namespace sluice::privacy {
namespace {

TEST(Checksums, KnownNumbers) {
  EXPECT_TRUE(luhn("4111111111111111"));
  EXPECT_FALSE(luhn("4111111111111112"));
  EXPECT_FALSE(luhn("4"));
  EXPECT_FALSE(luhn("41111111a1111111"));
  EXPECT_TRUE(verhoeff("2363"));
  EXPECT_FALSE(verhoeff("2364"));
  EXPECT_EQ(mod97("3214282912345698765432161182"), 1U);
  EXPECT_TRUE(date_like("2020", "02", "29"));
  EXPECT_FALSE(date_like("2020", "13", "01"));
  EXPECT_FALSE(date_like("1750", "12", "01"));
  EXPECT_EQ(number("007"), 7U);
  EXPECT_EQ(number("x"), 0U);
}

/// One number of each scheme, given out as an example by those who run it or made by its rule.
struct Known {
  const char* scheme;
  const char* number;
};
constexpr Known kNumbers[] = {
    {"us_ssn", "536904399"},
    {"us_itin", "912701234"},
    {"nl_bsn", "111222333"},
    {"ca_sin", "130692544"},
    {"au_tfn", "123456782"},
    {"uk_nhs", "9434765919"},
    {"de_tax_id", "86095742719"},
    {"pl_pesel", "44051401359"},
    {"se_personnummer", "8112289874"},
    {"br_cpf", "52998224725"},
    {"br_cnpj", "11222333000181"},
    {"fr_nir", "185057800608491"},
    {"be_rijksregister", "85073003328"},
    {"ch_ahv", "7569217076985"},
    {"tr_tckn", "10000000146"},
    {"no_fodselsnummer", "01010750160"},
    {"cz_rodne_cislo", "7103192745"},
    {"cn_resident_id", "110101199003074477"},
    {"hr_oib", "33392005961"},
    {"imei", "490154203237518"},
    {"ru_snils", "11223344595"},
    {"pt_nif", "123456789"},
    {"ar_cuil", "20123456786"},
    {"at_svnr", "1237010180"},
};

TEST(Schemes, PassTheirOwnNumbersAndFailOthers) {
  for (const Known& known : kNumbers) {
    const std::string_view digits = known.number;
    bool found = false;
    for (const NumberScheme& scheme : number_schemes(digits.size())) {
      if (scheme.name != known.scheme) continue;
      found = true;
      EXPECT_TRUE(scheme.valid(digits)) << known.scheme;
      if (scheme.chance > .5) continue;
      std::string other(digits);
      other.back() = other.back() == '9' ? '0' : static_cast<char>(other.back() + 1);
      if (scheme.chance < .03 && scheme.name != "us_itin")
        EXPECT_FALSE(scheme.valid(other)) << known.scheme;
    }
    EXPECT_TRUE(found) << known.scheme;
  }
}

TEST(Schemes, ChancesAreTrue) {
  // Of arbitrary numbers about the stated share passes; wrong chances make wrong decisions.
  uint64_t state = 88172645463325252ULL;
  for (const NumberScheme& scheme : number_schemes()) {
    if (scheme.chance < .009) continue;
    constexpr int kTries = 40000;
    int passed = 0;
    for (int i = 0; i < kTries; ++i) {
      std::string digits;
      for (int k = 0; k < scheme.digits; ++k) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        digits += static_cast<char>('0' + state % 10);
      }
      passed += scheme.valid(digits) ? 1 : 0;
    }
    const double share = static_cast<double>(passed) / kTries;
    EXPECT_LT(share, scheme.chance * 1.7 + .002) << scheme.name;
    EXPECT_GT(share, scheme.chance * .3) << scheme.name;
  }
}

TEST(Schemes, CodesOfLettersAndDigits) {
  const auto check = [](std::string_view scheme, std::string_view code) {
    for (const CodeScheme& each : code_schemes())
      if (each.name == scheme && matches(each, code)) return true;
    return false;
  };
  EXPECT_TRUE(check("uk_nino", "AB123456C"));
  EXPECT_FALSE(check("uk_nino", "GB123456C"));
  EXPECT_TRUE(check("es_dni", "12345678Z"));
  EXPECT_FALSE(check("es_dni", "12345678A"));
  EXPECT_TRUE(check("es_nie", "X1234567L"));
  EXPECT_TRUE(check("it_codice_fiscale", "RSSMRA85T10A562S"));
  EXPECT_FALSE(check("it_codice_fiscale", "RSSMRA85T10A562T"));
  EXPECT_TRUE(check("in_pan", "ABCPK1234F"));
  EXPECT_TRUE(check("mx_curp", "HEGG560427MVZRRL04"));
  EXPECT_FALSE(check("mx_curp", "HEGG560427MVZRRL05"));
  EXPECT_TRUE(check("fi_hetu", "131052308T"));
  EXPECT_TRUE(check("ie_pps", "1234567T"));
  EXPECT_TRUE(check("sg_nric", "S1234567D"));
  EXPECT_TRUE(check("tw_id", "A123456789"));
  EXPECT_TRUE(check("vin", "1M8GDM9AXKP042788"));
  EXPECT_FALSE(check("vin", "1M8GDM9AYKP042788"));
  EXPECT_TRUE(check("uk_driving_licence", "MORGA657054SM9IJ"));
}

TEST(Payment, CardsAndAccounts) {
  EXPECT_EQ(card_issuer("4111111111111111"), "visa");
  EXPECT_EQ(card_issuer("2221000000000009"), "mastercard");
  EXPECT_EQ(card_issuer("378282246310005"), "amex");
  EXPECT_EQ(card_issuer("9999999999999999"), "");
  EXPECT_TRUE(is_card_number("6011111111111117"));
  EXPECT_FALSE(is_card_number("6011111111111118"));
  EXPECT_TRUE(is_iban("DE89370400440532013000"));
  EXPECT_FALSE(is_iban("DE89370400440532013001"));
  EXPECT_FALSE(is_iban("DE8937040044053201300"));
  EXPECT_FALSE(is_iban("XX89370400440532013000"));
  EXPECT_TRUE(is_aba_routing("021000021"));
  EXPECT_FALSE(is_aba_routing("021000022"));
  EXPECT_TRUE(is_bic("DEUTDEFF500"));
  EXPECT_FALSE(is_bic("ABCDZZFF"));
}

TEST(NetworkIds, HowFarTheyGo) {
  EXPECT_EQ(ipv4_at("10.1.2.3 x"), 8U);
  EXPECT_EQ(ipv4_at("10.1.2.0/24"), 11U);
  EXPECT_EQ(ipv4_at("10.1.2.256"), 0U);
  EXPECT_EQ(ipv4_at("10.1.2"), 0U);
  EXPECT_EQ(ipv6_at("2001:db8::1"), 11U);
  EXPECT_EQ(ipv6_at("::ffff:10.1.2.3"), 15U);
  EXPECT_EQ(ipv6_at("1:2:3:4:5:6:7:8"), 15U);
  EXPECT_EQ(ipv6_at("10:15:30"), 0U);
  EXPECT_EQ(ipv6_at("::"), 0U);
  EXPECT_EQ(mac_at("00:1a:2B:3c:4d:5e"), 17U);
  EXPECT_EQ(mac_at("001a.2b3c.4d5e"), 14U);
  EXPECT_EQ(mac_at("00:1a:2b:3c-4d:5e"), 0U);
  EXPECT_EQ(uuid_at("123e4567-e89b-12d3-a456-426614174000"), 36U);
}

TEST(Wallets, OwnChecks) {
  EXPECT_TRUE(is_wallet("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"));
  EXPECT_FALSE(is_wallet("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"));
  EXPECT_TRUE(is_wallet("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"));
  EXPECT_FALSE(is_wallet("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdr"));
  EXPECT_TRUE(is_wallet("0x52908400098527886E0F7030069857D2E4169EE7"));
  EXPECT_FALSE(is_wallet("0x52908400098527886E0F7030069857D2E4169EE"));
  unsigned char version = 0;
  EXPECT_TRUE(base58check("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", &version));
  EXPECT_EQ(version, 0x80);
}

RC_GTEST_PROP(Checksums, AnyTextIsTakenCalmly, (const std::string& text)) {
  (void)(luhn(text) || verhoeff(text) || mod11_10(text) || is_iban(text) || is_bic(text) ||
         is_wallet(text) || is_card_number(text));
  (void)mod97(text);
  RC_ASSERT(ipv4_at(text) <= text.size());
  RC_ASSERT(ipv6_at(text) <= text.size());
  RC_ASSERT(mac_at(text) <= text.size());
  for (const CodeScheme& scheme : code_schemes()) (void)matches(scheme, text);
}

}  // namespace
}  // namespace sluice::privacy
