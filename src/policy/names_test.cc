#include "policy/names.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "policy/network.h"
#include "policy/time_window.h"

namespace sluice::policy {
namespace {

TEST(Glob, MatchesRunsOfCharacters) {
  const struct {
    const char *pattern, *name;
    bool matches;
  } cases[] = {
      {"a", "a", true},     {"a", "A", false},    {"a", "ab", false},        {"*", "", true},
      {"*", "x", true},     {"a*", "a", true},    {"a*", "abc", true},       {"*c", "abc", true},
      {"a*c", "abc", true}, {"a*c", "ab", false}, {"a*b*c", "aXbYbc", true}, {"**", "x", true},
      {"", "", true},       {"", "x", false},     {"*.x", "a.x", true},
  };
  for (const auto& c : cases)
    EXPECT_EQ(Glob::plain(c.pattern).matches(c.name), c.matches) << c.pattern << " " << c.name;
}

RC_GTEST_PROP(Glob, WildcardsMatchWhatTheyReplace,
              (const std::string& a, const std::string& b, const std::string& c)) {
  RC_PRE(a.find('*') == std::string::npos && c.find('*') == std::string::npos);
  RC_PRE(a.find('\0') == std::string::npos && c.find('\0') == std::string::npos);
  RC_ASSERT(Glob::plain(a + "*" + c).matches(a + b + c));
  RC_ASSERT(Glob::plain("*").covers(Glob::plain(a + "*" + c)));
}

TEST(NamePattern, ReadsNamesAsPostgreSqlDoes) {
  const auto matches = [](const char* pattern, const char* schema, const char* name) {
    const auto read = parse_name_pattern(pattern, {"schema", "table"});
    return read && read->parts[0].matches(schema) && read->parts[1].matches(name);
  };
  EXPECT_TRUE(matches("Public.Orders", "public", "orders"));
  EXPECT_FALSE(matches("public.\"Orders\"", "public", "orders"));
  EXPECT_TRUE(matches("public.\"Orders\"", "public", "Orders"));
  EXPECT_TRUE(matches("\"a.b\".\"c\"\"d\"", "a.b", "c\"d"));
  EXPECT_TRUE(matches("public.*", "public", "x"));
  EXPECT_TRUE(matches("*.salaries", "hr", "salaries"));
  EXPECT_FALSE(matches("public.\"*\"", "public", "x"));
  EXPECT_TRUE(matches("public.\"*\"", "public", "*"));
  EXPECT_TRUE(matches("*", "any", "thing"));
  EXPECT_FALSE(matches("public.sal*", "public", "orders"));
}

TEST(NamePattern, RefusesWhatIsNoName) {
  for (const char* text :
       {"", ".", "a.", ".a", "a", "a.b.c", "\"a", "a.\"b\"c", "a b.c", "a.b\"c\""})
    EXPECT_FALSE(parse_name_pattern(text, {"schema", "table"})) << text;
}

TEST(Words, ExcludeWithExclamationMark) {
  Words words;
  words.add("!production");
  EXPECT_TRUE(words.matches("staging"));
  EXPECT_FALSE(words.matches("production"));
  words.add("st*");
  EXPECT_TRUE(words.matches("staging"));
  EXPECT_FALSE(words.matches("test"));
  Words groups;
  groups.add("eng");
  groups.add("!contractors");
  EXPECT_TRUE(groups.matches_some({"eng", "ops"}));
  EXPECT_FALSE(groups.matches_some({"eng", "contractors"}));
  EXPECT_FALSE(groups.matches_some({}));
}

TEST(Network, ReadsBothFamilies) {
  const auto contains = [](const char* network, const char* address) {
    const auto parsed = parse_network(network);
    const auto bytes = parse_address(address);
    return parsed && bytes && parsed->contains(*bytes);
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.1.2.3"));
  EXPECT_TRUE(contains("10.0.0.0/8", "10.1.2.3:5432"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.1.2.3"));
  EXPECT_TRUE(contains("10.0.0.0/9", "10.127.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/9", "10.128.0.1"));
  EXPECT_TRUE(contains("2001:db8::/32", "2001:db8:1::1"));
  EXPECT_TRUE(contains("2001:db8::/32", "[2001:db8::1]:99"));
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("192.0.2.7", "192.0.2.7"));
  for (const char* text : {"10.1.0.0/8", "10.0.0.0/33", "10.0.0.0/", "x", "10.0.0.0/8x", "::/129"})
    EXPECT_FALSE(parse_network(text)) << text;
}

TEST(TimeWindow, FollowsTheClockOnTheWall) {
  const auto at = [](int64_t seconds, int from, int to, uint8_t days) {
    TimeWindow window;
    window.zone = find_zone("Europe/Berlin").value();
    window.from = from;
    window.to = to;
    window.days = days;
    return window.contains(seconds * 1'000'000);
  };
  constexpr uint8_t kWeekdays = 0x1F, kSunday = 0x40, kSaturday = 0x20;
  constexpr int kNine = 9 * 60, kFive = 17 * 60;
  // 2026-11-25, a Wednesday, 08:00 UTC is 09:00 in winter.
  EXPECT_TRUE(at(1795593600, kNine, kFive, kWeekdays));
  EXPECT_FALSE(at(1795593599, kNine, kFive, kWeekdays));
  // 2026-07-15, a Wednesday, 07:00 UTC is 09:00 in summer.
  EXPECT_TRUE(at(1784098800, kNine, kFive, kWeekdays));
  EXPECT_FALSE(at(1784098799, kNine, kFive, kWeekdays));
  // Saturday 22:00 to 06:00: Sunday 05:59 is in, Sunday 22:30 is not.
  constexpr int kTen = 22 * 60, kSix = 6 * 60;
  const int64_t sunday = 1795906800;  // 2026-11-29 00:00 in Berlin
  EXPECT_TRUE(at(sunday + 5 * 3600 + 59 * 60, kTen, kSix, kSaturday));
  EXPECT_FALSE(at(sunday + 6 * 3600, kTen, kSix, kSaturday));
  EXPECT_FALSE(at(sunday + 22 * 3600 + 1800, kTen, kSix, kSaturday));
  EXPECT_TRUE(at(sunday + 22 * 3600 + 1800, kTen, kSix, kSunday));
  EXPECT_FALSE(find_zone("Mars/Olympus"));
  EXPECT_FALSE(find_zone("/etc/localtime"));
  EXPECT_FALSE(find_zone("../etc/localtime"));
}

TEST(TimeWindow, ReadsDaysAndTimes) {
  EXPECT_EQ(parse_days("mon"), 0x01);
  EXPECT_EQ(parse_days("mon-fri"), 0x1F);
  EXPECT_EQ(parse_days("sat-mon"), 0x61);
  EXPECT_FALSE(parse_days("monday"));
  EXPECT_EQ(parse_time_of_day("24:00"), 1440);
  EXPECT_EQ(parse_time_of_day("09:30"), 570);
  for (const char* text : {"9:30", "24:01", "12:60", "ab:cd", ""})
    EXPECT_FALSE(parse_time_of_day(text)) << text;
}

}  // namespace
}  // namespace sluice::policy
