// Maskers of types: text and binary say the same, limits hold, what is no value is an error.
#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "mask/calendar.h"
#include "mask/decimal.h"
#include "mask/test_values.h"
#include "mask/time_text.h"
#include "mask/utf8.h"

namespace sluice::mask {
namespace {

constexpr Oid kBool = 16, kBytea = 17, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kJson = 114,
              kXml = 142, kFloat8 = 701, kMoney = 790, kInet = 869, kBpchar = 1042, kVarchar = 1043,
              kDate = 1082, kTimestamp = 1114, kTimestamptz = 1184, kInterval = 1186,
              kNumeric = 1700, kUuid = 2950, kTextVector = 3614, kJsonb = 3802;

const Means kPseudonym = means(Strategy::kPseudonym);

std::string big_endian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

std::string from_binary(Oid oid, Bytes value, const Means& how, int32_t typmod = -1) {
  return masked(oid, value, how, typmod, Format::kBinary);
}

struct Case {
  Oid oid;
  const char* text;
  Strategy strategy;
  Kind kind;
  const char* expected;
};

constexpr auto R = Strategy::kRedact;
constexpr auto P = Strategy::kPartial;
constexpr auto G = Strategy::kGeneralise;
constexpr auto H = Strategy::kHash;

class Values : public testing::TestWithParam<Case> {};
TEST_P(Values, Reads) {
  const auto& c = GetParam();
  EXPECT_EQ(masked(c.oid, c.text, means(c.strategy, c.kind)), c.expected) << c.oid << ' ' << c.text;
}
INSTANTIATE_TEST_SUITE_P(
    Types, Values,
    testing::Values(
        Case{kBool, "t", R, Kind::kAny, "f"}, Case{kBool, "t", G, Kind::kAny, "NULL"},
        Case{kBool, "t", Strategy::kPseudonym, Kind::kAny, "NULL"},
        Case{kInt4, "4567", R, Kind::kAny, "0"}, Case{kInt4, "-4567", G, Kind::kAny, "-4000"},
        Case{kInt4, "7", G, Kind::kAny, "0"},
        Case{kInt8, "4111111111111234", P, Kind::kCard, "1234"},
        Case{kInt8, "12345678", P, Kind::kCard, "0"},
        Case{kNumeric, "4111111111111234", P, Kind::kCard, "1234"},
        Case{kNumeric, "1234.56", G, Kind::kAny, "1000.00"},
        Case{kNumeric, "NaN", G, Kind::kAny, "NaN"}, Case{kNumeric, "-1.50", R, Kind::kAny, "0.00"},
        Case{kNumeric, "48.137154", G, Kind::kGeo, "48.100000"},
        Case{kFloat8, "48.137154", G, Kind::kGeo, "48.1"},
        Case{kFloat8, "-1234.5", G, Kind::kAny, "-1000"}, Case{kFloat8, "5", R, Kind::kAny, "0"},
        Case{kMoney, "$1,234.56", G, Kind::kAny, "$1,000.00"},
        Case{kMoney, "-$1,234.56", R, Kind::kAny, "-$0,000.00"},
        Case{kDate, "1980-03-04", G, Kind::kAny, "1980-01-01"},
        Case{kDate, "0044-03-15 BC", G, Kind::kAny, "0044-01-01 BC"},
        Case{kDate, "1980-03-04", R, Kind::kAny, "2000-01-01"},
        Case{kDate, "infinity", G, Kind::kAny, "infinity"},
        Case{kDate, "Tue Mar 04", G, Kind::kAny, "NULL"},
        Case{kDate, "Tue Mar 04", R, Kind::kAny, "2000-01-01"},
        Case{kTimestamptz, "1980-03-04 00:30:00+02", G, Kind::kAny, "1980-01-01 00:00:00+00"},
        Case{kTimestamptz, "1980-01-01 00:30:00+02", G, Kind::kAny, "1979-01-01 00:00:00+00"},
        Case{1083, "12:34:56.5", G, Kind::kAny, "12:00:00"},
        Case{1266, "12:34:56-05:30", G, Kind::kAny, "12:00:00-05:30"},
        Case{kInterval, "1 year 2 mons 3 days", G, Kind::kAny, "12 mons"},
        Case{kInterval, "01:02:03", G, Kind::kAny, "01:00:00"},
        Case{kInet, "10.1.22.133", G, Kind::kAny, "10.1.22.0/24"},
        Case{kInet, "10.1.22.133/8", G, Kind::kAny, "10.0.0.0/8"},
        Case{kInet, "2001:db8:1:2::3", G, Kind::kAny, "2001:db8:1::/48"},
        Case{650, "10.1.22.0/24", R, Kind::kAny, "0.0.0.0/32"},
        Case{829, "08:00:2b:01:02:03", P, Kind::kAny, "08:00:2b:00:00:00"},
        Case{kUuid, "0d5c7aa0-6f5a-4d0a-9e3c-0123456789ab", P, Kind::kAny,
             "00000000-0000-0000-0000-0000000089ab"},
        Case{kBytea, "\\x4a616e65", R, Kind::kAny, "\\x5b72656461637465645d"},
        Case{kBytea, "Jane\\000", R, Kind::kAny, "\\x5b72656461637465645d"},
        Case{1560, "1011", R, Kind::kAny, "0000"},
        Case{600, "(48.137,11.575)", G, Kind::kGeo, "(48.1,11.5)"},
        Case{628, "{1,2,3}", G, Kind::kAny, "NULL"}, Case{2205, "customers", H, Kind::kAny, "-"},
        Case{kJson, R"({"a" : ["Jane", -1.50, true, null, 2e3]})", R, Kind::kAny,
             R"({"a" : ["[redacted]", 0.00, false, null, 0e3]})"},
        Case{kXml, "<a b='Jane'>Doe<!-- x --></a>", R, Kind::kAny,
             "<a b='[redacted]'>[redacted]</a>"},
        Case{kXml, "<!DOCTYPE a [<!ENTITY e 'Jane'>]><a>&e;</a>", R, Kind::kAny, "<redacted/>"},
        Case{kXml, "<a>&unknown;</a>", R, Kind::kAny, "<redacted/>"},
        Case{kTextVector, "'jane':1", R, Kind::kAny, ""},
        Case{2249, "(Jane,\"a, b\")", R, Kind::kAny, "(\"[redacted]\",\"[redacted]\")"}));

TEST(Values, WhatIsNoValueIsAnError) {
  for (const auto& [oid, text] :
       std::initializer_list<std::pair<Oid, const char*>>{{kInt4, "x"},
                                                          {kInt2, "40000"},
                                                          {kNumeric, "1e5"},
                                                          {kFloat8, "0x1p3"},
                                                          {kFloat8, "nan(7)"},
                                                          {kJson, "{\"a\": Jane}"},
                                                          {kJson, "\"Jane"},
                                                          {kJson, "[1,]"},
                                                          {kJson, "01"},
                                                          {kUuid, "0d5c"},
                                                          {kInet, "Jane"},
                                                          {kInet, "1.2.3.4/33"},
                                                          {kBytea, "\\xabc"},
                                                          {kMoney, "Jane"}}) {
    EXPECT_TRUE(masked(oid, text, kPseudonym).starts_with("!")) << oid << ' ' << text;
  }
  for (const Oid oid : {kInt4, kInt8, kNumeric, kFloat8, kMoney, kDate, kTimestamp, kInterval,
                        kUuid, kInet, kJsonb}) {
    EXPECT_TRUE(from_binary(oid, "abc", kPseudonym).starts_with("!")) << oid;
    EXPECT_TRUE(from_binary(oid, "", kPseudonym).starts_with("!")) << oid;
  }
}

TEST(Values, TypesThatAreNotKnownAreRefused) {
  EXPECT_EQ(masked(3615, "'jane'", kPseudonym), "!values of the type 3615 cannot be masked");
  EXPECT_EQ(masked(3615, "'jane'", means(Strategy::kNull)), "NULL");
}

template <typename T>
void check_whole(Oid oid, T value) {
  const auto text = masked(oid, std::to_string(value), kPseudonym);
  RC_ASSERT(!text.starts_with("!"));
  const auto other = std::stoll(text);
  RC_ASSERT(other >= std::numeric_limits<T>::min() && other <= std::numeric_limits<T>::max());
  RC_ASSERT((other < 0) == (value < 0));
  RC_ASSERT(from_binary(oid, big_endian(static_cast<uint64_t>(value), sizeof(T)), kPseudonym) ==
            big_endian(static_cast<uint64_t>(other), sizeof(T)));
  // The same number in a wider type is the same pseudonym.
  RC_ASSERT(masked(kInt8, std::to_string(value), kPseudonym) == text);
  RC_ASSERT(masked(kNumeric, std::to_string(value), kPseudonym) == text);
  const Means back{kPseudonym.rule, std::make_shared<Permuter>(kPseudonym.permuter->backwards())};
  RC_ASSERT(masked(oid, text, back) == std::to_string(value));
}

RC_GTEST_PROP(Values, WholeNumbersStayInTheirType, ()) {
  check_whole<int16_t>(kInt2, *rc::gen::arbitrary<int16_t>());
  check_whole<int32_t>(kInt4, *rc::gen::arbitrary<int32_t>());
  check_whole<int64_t>(kInt8, *rc::gen::arbitrary<int64_t>());
}

TEST(Values, TheEndsOfIntegersStayInTheirType) {
  check_whole<int16_t>(kInt2, std::numeric_limits<int16_t>::min());
  check_whole<int16_t>(kInt2, std::numeric_limits<int16_t>::max());
  check_whole<int32_t>(kInt4, std::numeric_limits<int32_t>::min());
  check_whole<int32_t>(kInt4, std::numeric_limits<int32_t>::max());
  check_whole<int64_t>(kInt8, std::numeric_limits<int64_t>::min());
  check_whole<int64_t>(kInt8, std::numeric_limits<int64_t>::max());
  for (int64_t n = 1; n < 1'000'000'000'000'000'000; n *= 10) {
    check_whole<int64_t>(kInt8, n - 1);
    check_whole<int64_t>(kInt8, n);
    check_whole<int64_t>(kInt8, -n);
  }
}

rc::Gen<Decimal> gen_decimal() {
  return rc::gen::exec([] {
    Decimal number;
    number.digits = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('0', ':')));
    const size_t first = std::min(number.digits.find_first_not_of('0'), number.digits.size() - 1);
    number.digits.erase(0, first);
    number.scale = *rc::gen::inRange(0, 40);
    number.negative = number.digits != "0" && *rc::gen::arbitrary<bool>();
    return number;
  });
}

RC_GTEST_PROP(Values, NumericsAgreeAndKeepTheirSize, ()) {
  const auto number = *gen_decimal();
  std::string text, bytes;
  append_decimal(number, text);
  encode_numeric(number, bytes);
  RC_ASSERT(parse_decimal(text) == number);
  RC_ASSERT(decode_numeric(bytes) == number);
  for (const auto strategy :
       {Strategy::kPseudonym, Strategy::kGeneralise, Strategy::kPartial, Strategy::kRedact}) {
    const auto other = parse_decimal(masked(kNumeric, text, means(strategy)));
    RC_ASSERT(other.has_value());
    RC_ASSERT(decode_numeric(from_binary(kNumeric, bytes, means(strategy))) == other);
    RC_ASSERT(other->scale == number.scale);
    RC_ASSERT(other->digits.size() <= number.digits.size());
  }
}

RC_GTEST_PROP(Values, FloatsAgree, (double value)) {
  const auto bytes = big_endian(std::bit_cast<uint64_t>(value), 8);
  char text[64];
  std::snprintf(text, sizeof text, "%.17g", value);
  if (!std::isfinite(value)) return;
  for (const auto strategy : {Strategy::kPseudonym, Strategy::kGeneralise}) {
    const double other = std::stod(masked(kFloat8, text, means(strategy)));
    RC_ASSERT(from_binary(kFloat8, bytes, means(strategy)) ==
              big_endian(std::bit_cast<uint64_t>(other), 8));
    if (strategy == Strategy::kPseudonym) RC_ASSERT((other == 0) == (value == 0));
  }
}

RC_GTEST_PROP(Values, MomentsAgreeAndGoBack, ()) {
  const int64_t moment = *rc::gen::inRange<int64_t>(first_day() * kDay, end_of_timestamps() * kDay);
  std::string text;
  append_moment(moment, true, text);
  RC_ASSERT(parse_moment(text, true) == moment);
  const auto other = parse_moment(masked(kTimestamptz, text, kPseudonym), true);
  RC_ASSERT(other.has_value());
  RC_ASSERT(from_binary(kTimestamptz, big_endian(static_cast<uint64_t>(moment), 8), kPseudonym) ==
            big_endian(static_cast<uint64_t>(*other), 8));
  // The day alone has the pseudonym it has as a date.
  std::string day, other_day;
  append_day(static_cast<int32_t>(floor_div(moment, kDay)), day);
  append_day(static_cast<int32_t>(floor_div(*other, kDay)), other_day);
  RC_ASSERT(masked(kDate, day, kPseudonym) == other_day);
}

RC_GTEST_PROP(Values, DaysAndCivilDatesAgree, ()) {
  const int64_t day = *rc::gen::inRange<int64_t>(first_day(), end_of_dates());
  RC_ASSERT(is_date(to_civil(day)));
  RC_ASSERT(to_days(to_civil(day)) == day);
  const auto permuter = test_permuter();
  const int64_t other = permute_day(day, *permuter);
  RC_ASSERT(other >= first_day() && other < end_of_dates());
  RC_ASSERT((other < end_of_timestamps()) == (day < end_of_timestamps()));
  RC_ASSERT(permute_day(other, permuter->backwards()) == day);
}

RC_GTEST_PROP(Values, IntervalsAgree, (int64_t time, int32_t days, int32_t months)) {
  const Interval interval{time, days, months};
  std::string text;
  append_interval(interval, text);
  const auto read = parse_interval(text);
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->months == months && read->days == days && read->microseconds == time);
  const auto other = parse_interval(masked(kInterval, text, kPseudonym));
  RC_ASSERT(other.has_value());
  RC_ASSERT(from_binary(kInterval,
                        big_endian(static_cast<uint64_t>(time), 8) +
                            big_endian(static_cast<uint32_t>(days), 4) +
                            big_endian(static_cast<uint32_t>(months), 4),
                        kPseudonym) == big_endian(static_cast<uint64_t>(other->microseconds), 8) +
                                           big_endian(static_cast<uint32_t>(other->days), 4) +
                                           big_endian(static_cast<uint32_t>(other->months), 4));
}

TEST(Values, LengthsOfTextHold) {
  EXPECT_EQ(masked(kVarchar, "ab", means(R), 2 + 4), "**");
  EXPECT_EQ(masked(kVarchar, "abcdefghijkl", means(R), 12 + 4), "[redacted]");
  EXPECT_EQ(masked(kBpchar, "ab  ", means(R), 4 + 4), "*** ");
  EXPECT_EQ(masked(kBpchar, "äb  ", means(H), 4 + 4).size(), 4U);
  EXPECT_EQ(count_characters(masked(kBpchar, "äb  ", kPseudonym, 4 + 4)), 4U);
  EXPECT_EQ(masked(kBpchar, "    ", kPseudonym, 4 + 4), "    ");
  EXPECT_EQ(masked(19, std::string(63, 'x'), means(R)), "[redacted]");
}

TEST(Values, JoinsAcrossTypesStayExact) {
  EXPECT_EQ(masked(kInet, "10.1.22.133", kPseudonym),
            masked(kText, "10.1.22.133", means(Strategy::kPseudonym, Kind::kIp)));
  EXPECT_EQ(masked(kUuid, "0d5c7aa0-6f5a-4d0a-9e3c-0123456789ab", kPseudonym),
            masked(kText, "0d5c7aa0-6f5a-4d0a-9e3c-0123456789ab",
                   means(Strategy::kPseudonym, Kind::kUuid)));
  EXPECT_EQ(masked(kDate, "1980-03-04", kPseudonym),
            masked(kText, "1980-03-04", means(Strategy::kPseudonym, Kind::kDate)));
  EXPECT_EQ(masked(kVarchar, "Jane", kPseudonym, 24), masked(kText, "Jane", kPseudonym));
}

TEST(Values, AnotherKeyGivesAnotherPseudonym) {
  const auto other = means(Strategy::kPseudonym, Kind::kAny, "another");
  for (const auto& [oid, text] : std::initializer_list<std::pair<Oid, const char*>>{
           {kInt8, "123456789"},
           {kNumeric, "12345.67"},
           {kFloat8, "12345.67"},
           {kText, "Jane Doe"},
           {kDate, "1980-03-04"},
           {kTimestamp, "1980-03-04 01:02:03"},
           {kInterval, "30 days 04:05:06"},
           {kInet, "10.1.22.133"},
           {kUuid, "0d5c7aa0-6f5a-4d0a-9e3c-0123456789ab"},
           {kJson, "\"Jane Doe\""},
           {kXml, "<a>Jane Doe</a>"},
           {kBytea, "\\x00010203ff"},
           {kMoney, "$123,456.78"},
           {kTextVector, "'janedoe':1"}}) {
    const auto one = masked(oid, text, kPseudonym);
    EXPECT_EQ(one, masked(oid, text, kPseudonym));
    EXPECT_NE(one, text);
    EXPECT_NE(one, masked(oid, text, other)) << text;
  }
}

/// Types as a catalog would tell them.
class Types : public TypeSource {
 public:
  const TypeInfo* find(Oid oid) const override {
    const auto found = types.find(oid);
    return found == types.end() ? nullptr : &found->second;
  }
  std::map<Oid, TypeInfo> types;
};

std::shared_ptr<Types> some_types() {
  auto all = std::make_shared<Types>();
  all->types[1007] = {.kind = TypeKind::kArray, .name = "_int4", .inner = {kInt4, -1}};
  all->types[1009] = {.kind = TypeKind::kArray, .name = "_text", .inner = {kText, -1}};
  all->types[3904] = {.kind = TypeKind::kRange, .name = "int4range", .inner = {kInt4, -1}};
  all->types[4451] = {.kind = TypeKind::kMultirange, .name = "int4multirange", .inner = {3904, -1}};
  all->types[20000] = {.kind = TypeKind::kEnum, .name = "mood", .labels = {"good", "bad", "so"}};
  all->types[20001] = {.kind = TypeKind::kDomain, .name = "code", .inner = {kVarchar, 7}};
  all->types[20002] = {.kind = TypeKind::kComposite,
                       .name = "pair",
                       .fields = {{"a", {kText, -1}}, {"b", {1007, -1}}}};
  all->types[20003] = {.kind = TypeKind::kDomain, .name = "loop", .inner = {20003, -1}};
  all->types[20004] = {.name = "hstore"};
  return all;
}

std::string known(Oid oid, Bytes value, const Means& how, Format format = Format::kText) {
  return masked(oid, value, how, -1, format, some_types());
}

TEST(Values, Containers) {
  EXPECT_EQ(known(1009, R"({"Jane D",NULL,{}})", means(R)).substr(0, 1), "{");
  EXPECT_EQ(known(1009, R"({{"a, b",NULL},{"NULL",""}})", means(R)),
            R"({{"[redacted]",NULL},{"[redacted]",""}})");
  EXPECT_EQ(known(1007, "[0:1]={7,-4567}", means(G)), "[0:1]={0,-4000}");
  EXPECT_EQ(known(20002, R"(("Jane ""D""","{1,2}"))", means(R)), R"(("[redacted]","{0,0}"))");
  EXPECT_EQ(known(20002, "(,)", means(R)), "(,)");
  EXPECT_EQ(known(20001, "abc", means(R)), "***");
  EXPECT_EQ(known(3904, "[5,7)", means(R)), "empty");
  EXPECT_EQ(known(4451, "{[5,7),[8,9)}", means(R)), "{}");
  EXPECT_EQ(known(20004, R"("k"=>"Ja\"ne", "n"=>NULL)", means(R)),
            R"("k"=>"[redacted]", "n"=>NULL)");
  EXPECT_EQ(known(20000, "good", means(R)), "NULL");
  EXPECT_EQ(known(20003, "x", means(R)), "!types are nested too deep to be masked");
  for (const auto* broken : {"", "{", "{1", "}", "{1}}", "{\"1}", "1", "[0:1={1}", "{1}x"}) {
    EXPECT_TRUE(known(1007, broken, means(R)).starts_with("!")) << broken;
  }
  for (const auto* broken : {"", "(", "(a)", "(a,b,c)", "(\"a,b)", "a,b"}) {
    EXPECT_TRUE(known(20002, broken, means(R)).starts_with("!")) << broken;
  }
  for (const auto* broken : {"", "[1,2", "1,2)", "[1)", "[1,2)x"}) {
    EXPECT_TRUE(known(3904, broken, kPseudonym).starts_with("!")) << broken;
  }
}

TEST(Values, EnumsBecomeOtherLabels) {
  std::map<std::string, int> seen;
  for (const std::string label : {"good", "bad", "so"}) {
    const auto other = known(20000, label, kPseudonym);
    EXPECT_NE(other, label);
    ++seen[other];
  }
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_EQ(known(20000, "unheard of", kPseudonym), "NULL");
}

TEST(Values, ArraysKnowWhetherTheyHoldNulls) {
  // One dimension of one bool, masked to NULL.
  auto types = some_types();
  types->types[1000] = {.kind = TypeKind::kArray, .name = "_bool", .inner = {kBool, -1}};
  const auto word = [](uint32_t v) { return big_endian(v, 4); };
  const auto head = [&](uint32_t nulls) {
    return word(1) + word(nulls) + word(kBool) + word(1) + word(1);
  };
  EXPECT_EQ(masked(1000, head(0) + word(1) + "\1", means(G), -1, Format::kBinary, types),
            head(1) + word(0xFFFFFFFF));
}

RC_GTEST_PROP(Values, RangesStayInOrder, (int32_t a, int32_t b)) {
  if (a > b) std::swap(a, b);
  const auto text = "[" + std::to_string(a) + "," + std::to_string(b) + ")";
  const auto other = known(3904, text, kPseudonym);
  int32_t low = 0, high = 0;
  RC_ASSERT(std::sscanf(other.c_str() + 1, "\"%d\",\"%d\"", &low, &high) == 2);
  RC_ASSERT(low <= high);
  RC_ASSERT((other[0] == '[') != other.ends_with(']'));
}

}  // namespace
}  // namespace sluice::mask
