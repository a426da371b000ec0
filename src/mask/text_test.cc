#include "mask/text.h"

#include <algorithm>
#include <cctype>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "mask/check_digits.h"
#include "mask/date_text.h"
#include "mask/shape.h"
#include "mask/test_values.h"
#include "mask/utf8.h"

namespace sluice::mask {
namespace {

std::string digits_of(const std::string& text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return std::isdigit(c) != 0; });
  return out;
}

/// The text with every letter and digit as the class that a pseudonym keeps.
std::string form_of(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (c.code >= '0' && c.code <= '9') {
      out += '9';
    } else if (c.code >= 'a' && c.code <= 'z') {
      out += 'a';
    } else if (c.code >= 'A' && c.code <= 'Z') {
      out += 'A';
    } else if (c.code < 0x80) {
      out += static_cast<char>(c.code);
    } else {
      out += '0' + c.bytes;
    }
    at += c.bytes;
  }
  return out;
}

struct Case {
  const char* text;
  Strategy strategy;
  Kind kind;
  const char* expected;
};

constexpr auto P = Strategy::kPartial;
constexpr auto G = Strategy::kGeneralise;
constexpr auto R = Strategy::kRedact;

class MaskTable : public testing::TestWithParam<Case> {};
TEST_P(MaskTable, Reads) {
  const auto& c = GetParam();
  EXPECT_EQ(masked_text(c.text, c.strategy, c.kind), c.expected) << c.text;
}
INSTANTIATE_TEST_SUITE_P(
    Text, MaskTable,
    testing::Values(
        Case{"", R, Kind::kAny, ""}, Case{"x", R, Kind::kAny, "[redacted]"},
        Case{"jane.doe@example.com", P, Kind::kEmail, "***@example.com"},
        Case{"a@b.org", P, Kind::kEmail, "*@b.org"}, Case{"nobody", P, Kind::kEmail, "***"},
        Case{"4111 1111 1111 1234", P, Kind::kCard, "**** **** **** 1234"},
        Case{"1234", P, Kind::kCard, "****"}, Case{"1234567", P, Kind::kCard, "*******"},
        Case{"DE89 3704 0044 0532 0130 00", P, Kind::kIban, "**** **** **** **** **30 00"},
        Case{"+49 151 2345678", P, Kind::kPhone, "+** *** *****78"},
        Case{"555", P, Kind::kPhone, "***"}, Case{"Jane Doe", P, Kind::kName, "J*** D**"},
        Case{"Bo Li", P, Kind::kName, "** **"}, Case{"Élodie", P, Kind::kName, "É***"},
        Case{"Widget", P, Kind::kAny, "W***"}, Case{"abc", P, Kind::kAny, "***"},
        Case{"hunter22", P, Kind::kSecret, "***"}, Case{"80331", P, Kind::kPostcode, "80***"},
        Case{"SW1A 1AA", P, Kind::kPostcode, "SW** ***"}, Case{"7", P, Kind::kPostcode, "*"},
        Case{"1980-03-04", G, Kind::kDate, "1980-01-01"},
        Case{"1980-03-04 10:00", G, Kind::kDate, "1980-01-01"},
        Case{"04.03.1980", G, Kind::kDate, "01.01.1980"},
        Case{"12/31/1980", G, Kind::kDate, "01/01/1980"},
        Case{"19800304", G, Kind::kDate, "19800101"},
        Case{"1980-13-04", G, Kind::kDate, "[redacted]"},
        Case{"10.1.22.133", G, Kind::kIp, "10.1.22.0/24"},
        Case{"2001:db8:1:2::3", G, Kind::kIp, "2001:db8:1::/48"},
        Case{"2001:db8::3", G, Kind::kIp, "2001:db8::/48"}, Case{"::1", G, Kind::kIp, "::/48"},
        Case{"localhost", G, Kind::kIp, "[redacted]"}, Case{"4567", G, Kind::kAny, "4000"},
        Case{"-12.75", G, Kind::kAny, "-10.00"}, Case{"Jane", G, Kind::kAny, "[redacted]"},
        Case{"48.1374, 11.5755", G, Kind::kGeo, "48.1000, 11.5000"},
        Case{"Jane 7", G, Kind::kName, "[redacted]"}));

TEST(Text, CheckDigitsOfCardsAreMadeValid) {
  for (const std::string card : {"4111 1111 1111 1111", "3782-822463-10005", "5555555555554444"}) {
    const auto other = masked_text(card, Strategy::kPseudonym, Kind::kCard);
    EXPECT_NE(other, card);
    EXPECT_EQ(form_of(other), form_of(card));
    EXPECT_EQ(other[0], card[0]);
    const auto digits = digits_of(other);
    EXPECT_EQ(luhn_digit(Bytes(digits).substr(0, digits.size() - 1)), digits.back());
  }
}

TEST(Text, CheckDigitsOfIbansAreMadeValid) {
  for (const std::string iban :
       {"DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "fr1420041010050500013m02606"}) {
    auto other = masked_text(iban, Strategy::kPseudonym, Kind::kIban);
    EXPECT_NE(other, iban);
    EXPECT_EQ(form_of(other), form_of(iban));
    EXPECT_EQ(other.substr(0, 2), iban.substr(0, 2));
    std::erase(other, ' ');
    std::ranges::transform(other, other.begin(), [](char c) { return std::toupper(c); });
    EXPECT_EQ(mod97(other.substr(4) + other.substr(0, 4)), 1U);
  }
}

TEST(Text, EmailsStayEmails) {
  const auto other = masked_text("jane.doe+x@example.co.uk", Strategy::kPseudonym, Kind::kEmail);
  EXPECT_EQ(form_of(other), "aaaa.aaa+a@aaaaaaa.aa.aa");
  EXPECT_TRUE(other.ends_with(".uk"));
  EXPECT_EQ(other.find("jane"), std::string::npos);
  EXPECT_EQ(other.find("example"), std::string::npos);
}

TEST(Text, CaseDoesNotMatterToPseudonyms) {
  auto upper = masked_text("JANE@EXAMPLE.ORG", Strategy::kPseudonym, Kind::kEmail);
  std::ranges::transform(upper, upper.begin(), [](char c) { return std::tolower(c); });
  EXPECT_EQ(upper, masked_text("jane@example.org", Strategy::kPseudonym, Kind::kEmail));
}

TEST(Text, NothingOfASecretStays) {
  const std::string secret = "!!!@@@###$$$";
  const auto other = masked_text(secret, Strategy::kPseudonym, Kind::kSecret);
  EXPECT_EQ(other.size(), secret.size());
  size_t same = 0;
  for (size_t i = 0; i < secret.size(); ++i) same += secret[i] == other[i] ? 1 : 0;
  EXPECT_LE(same, 2U);
}

TEST(Text, OtherEncodingsBecomeAscii) {
  const auto other = masked_text("M\xFCller", Strategy::kPseudonym, Kind::kName);  // Latin-1
  EXPECT_EQ(other.size(), 6U);
  EXPECT_TRUE(std::ranges::all_of(other, [](char c) { return std::isalpha(c) != 0; })) << other;
}

TEST(Text, HashIsHexAndKeyed) {
  const auto hash = masked_text("Jane", Strategy::kHash, Kind::kName);
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_EQ(hash.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(hash, masked_text("Jane", Strategy::kHash, Kind::kName, kNoLimit, "other"));
  EXPECT_EQ(masked_text("Jane", Strategy::kHash, Kind::kName, 8), hash.substr(0, 8));
}

rc::Gen<std::string> gen_text() {
  return rc::gen::map(
      rc::gen::container<std::vector<char32_t>>(rc::gen::oneOf(
          rc::gen::inRange<char32_t>(0x20, 0x7F), rc::gen::inRange<char32_t>(0xA0, 0x800),
          rc::gen::inRange<char32_t>(0x800, 0xD800), rc::gen::inRange<char32_t>(0xE000, 0x110000))),
      [](const std::vector<char32_t>& codes) {
        std::string text;
        for (const char32_t c : codes) append_utf8(text, c);
        return text;
      });
}

RC_GTEST_PROP(Text, PseudonymsKeepTheForm, ()) {
  const auto text = *gen_text();
  const auto kind = static_cast<Kind>(*rc::gen::inRange(0, 14));
  const auto other = masked_text(text, Strategy::kPseudonym, kind);
  RC_ASSERT(is_utf8(other));
  RC_ASSERT(other.size() == text.size());
  RC_ASSERT(other == masked_text(text, Strategy::kPseudonym, kind));
  if (kind != Kind::kSecret) RC_ASSERT(form_of(other) == form_of(text));
}

RC_GTEST_PROP(Text, NoMaskIsTooLongOrIllFormed, ()) {
  const auto text = *rc::gen::oneOf(gen_text(), rc::gen::arbitrary<std::string>());
  const auto kind = static_cast<Kind>(*rc::gen::inRange(0, 14));
  const auto strategy = static_cast<Strategy>(*rc::gen::inRange(0, 6));
  const auto limit = *rc::gen::inRange<size_t>(count_characters(text), count_characters(text) + 20);
  const auto other = masked_text(text, strategy, kind, limit);
  RC_ASSERT(count_characters(other) <= limit);
  if (is_utf8(text)) RC_ASSERT(is_utf8(other));
  RC_ASSERT(other.empty() == (text.empty() || limit == 0));
}

RC_GTEST_PROP(Text, AsciiPseudonymsGoBack, (std::string noise)) {
  std::erase_if(noise, [](char c) { return c < 0x20 || c > 0x7E; });
  const auto permuter = test_permuter();
  for (const Kind kind : {Kind::kAny, Kind::kSecret, Kind::kPhone}) {
    std::string text = noise;
    pseudonymise(text, 0, text.size(), kind, *permuter);
    pseudonymise(text, 0, text.size(), kind, permuter->backwards());
    RC_ASSERT(text == noise);
  }
}

TEST(Text, PseudonymsByKindGoBack) {
  const auto permuter = test_permuter();
  for (const auto& [text, kind] : std::initializer_list<std::pair<const char*, Kind>>{
           {"jane.doe@example.co.uk", Kind::kEmail},
           {"4111 1111 1111 1111", Kind::kCard},
           {"DE89 3704 0044 0532 0130 00", Kind::kIban},
           {"1980-03-04", Kind::kDate},
           {"04.03.1980", Kind::kDate},
           {"31.12.1980", Kind::kDate},
           {"12/31/1999 23:59:59", Kind::kDate},
           {"1980-03-04T10:20:30.12Z", Kind::kDate},
           {"10.1.22.133", Kind::kIp},
           {"fe80::1:2", Kind::kIp},
           {"0d5c7aa0-6f5a-4d0a-9e3c-0123456789ab", Kind::kUuid},
           {"08:00:2b:01:02:03", Kind::kMac},
           {"Жук Üßler 山田", Kind::kName}}) {
    std::string other = text;
    pseudonymise(other, 0, other.size(), kind, *permuter);
    EXPECT_NE(other, text);
    pseudonymise(other, 0, other.size(), kind, permuter->backwards());
    EXPECT_EQ(other, text);
  }
}

RC_GTEST_PROP(Text, DatesStayDates, ()) {
  const Civil date{*rc::gen::inRange<int64_t>(1000, 9999), *rc::gen::inRange(1, 13),
                   *rc::gen::inRange(1, 29)};
  const std::string form = *rc::gen::element<std::string>("0000-00-00", "00000000", "00.00.0000");
  std::string text = form;
  FoundDate place = form.size() == 8 ? FoundDate{.date = {}, .month = 4, .day = 6, .end = 8}
                    : form[4] == '-' ? FoundDate{.date = {}, .month = 5, .day = 8, .end = 10}
                                     : FoundDate{.date = {}, .year = 6, .month = 3, .end = 10};
  write_date(text, 0, place, date);
  RC_ASSERT(find_date(text).has_value());
  const auto other = masked_text(text, Strategy::kPseudonym, Kind::kDate);
  const auto found = find_date(other);
  RC_ASSERT(found.has_value());
  RC_ASSERT(found->ambiguous == find_date(text)->ambiguous);
  RC_ASSERT(found->date.year / 100 == date.year / 100);
}

RC_GTEST_PROP(Text, ShortTextsGetThePseudonymThatAnyTextGets, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("aZb7 .-Q")));
  std::string expected = text;
  Shape shape(expected);
  shape.add_letters(0, expected.size());
  shape.permute(*test_permuter());
  RC_ASSERT(masked_text(text, Strategy::kPseudonym, Kind::kName) == expected);
}

/// Long texts go character by character, short ones by vectors.
RC_GTEST_PROP(Text, ShortNumbersKeepTheTailThatLongOnesDo, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("aZ@[`{/:09+- .\x01\x7F")));
  const auto kind = *rc::gen::element(Kind::kPhone, Kind::kIban);
  const size_t keep = kind == Kind::kPhone ? 2 : 4;
  const auto counts = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  auto left = static_cast<size_t>(std::ranges::count_if(text, counts));
  const size_t kept = left < keep * 2 ? 0 : keep;
  std::string expected = text;
  for (char& c : expected)
    if (counts(c) && left-- > kept) c = '*';
  RC_ASSERT(masked_text(text, Strategy::kPartial, kind) == expected);
  RC_ASSERT(masked_text("\u00FC" + text, Strategy::kPartial, kind).find("\u00FC") ==
            std::string::npos);
}

}  // namespace
}  // namespace sluice::mask
