#include "audit/filters.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::audit {
namespace {

using ::testing::HasSubstr;

TEST(Filters, AreNamedOnceAndSetWhatTheySay) {
  std::set<std::string_view> names;
  for (const Filter& filter : filters()) {
    EXPECT_TRUE(names.insert(filter.name).second) << filter.name;
    EXPECT_FALSE(filter.about.empty());
  }
  Query query;
  ASSERT_TRUE(set_filter(query, "user", "alice"));
  ASSERT_TRUE(set_filter(query, "min_duration", "500ms"));
  ASSERT_TRUE(set_filter(query, "max_rows", "7"));
  ASSERT_TRUE(set_filter(query, "session", "12"));
  ASSERT_TRUE(set_filter(query, "until", "1970-01-02"));
  ASSERT_TRUE(set_filter(query, "decision", "denied"));
  EXPECT_EQ(query.user, "alice");
  EXPECT_EQ(query.min_duration_micros, 500'000U);
  EXPECT_EQ(query.max_rows, 7U);
  EXPECT_EQ(query.session, 12U);
  EXPECT_EQ(query.until_micros, 86'400'000'000);
  EXPECT_EQ(query.outcome, "denied");
}

TEST(Filters, KnowTheTypesOfRecords) {
  Query query;
  for (const auto* type : {"statement", "evidence", "captured", "provenance", ""}) {
    ASSERT_TRUE(set_filter(query, "type", type)) << type;
    EXPECT_EQ(query.type, type);
  }
  for (const auto* type : {"statemnt", "unknown", "Statement"}) {
    const auto set = set_filter(query, "type", type);
    ASSERT_FALSE(set) << type;
    EXPECT_THAT(set.error().text, HasSubstr("there are gateway_start, gateway_stop"));
  }
}

TEST(Filters, RefuseTimesThatNothingIsIn) {
  Query query;
  EXPECT_TRUE(check_times(query));
  ASSERT_TRUE(set_filter(query, "since", "1970-01-03"));
  EXPECT_TRUE(check_times(query)) << "until now";
  ASSERT_TRUE(set_filter(query, "until", "1970-01-03"));
  EXPECT_TRUE(check_times(query));
  ASSERT_TRUE(set_filter(query, "until", "1970-01-02"));
  const auto checked = check_times(query);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().text, HasSubstr("since is later than until: 1970-01-03"));
}

TEST(Filters, SayWhatTheyTake) {
  Query query;
  for (const auto& [name, value] : Given{{"decision", "maybe"},
                                         {"min_rows", "-1"},
                                         {"session", "x"},
                                         {"since", "yesterday"},
                                         {"min_duration", "long"}}) {
    const auto set = set_filter(query, name, value);
    ASSERT_FALSE(set) << name;
    EXPECT_THAT(set.error().text, HasSubstr(name));
    EXPECT_EQ(set.error().code, ErrorCode::kInvalidInput);
  }
  EXPECT_THAT(set_filter(query, "colour", "red").error().text, HasSubstr("principal_kind"));
  EXPECT_THAT(set_order(query, "size").error().text, HasSubstr("duration"));
}

TEST(Filters, EveryFieldIsAnOrder) {
  for (const Field field : fields()) {
    Query query;
    ASSERT_TRUE(set_order(query, name_of(field))) << name_of(field);
    EXPECT_EQ(find_field(name_of(field)), field);
    if (field == Field::kDuration || field == Field::kRows) {
      EXPECT_NE(query.order, Order::kField);
    } else {
      EXPECT_EQ(query.order, Order::kField);
      EXPECT_EQ(query.by, field);
    }
  }
  Query query;
  for (const auto order : orders()) EXPECT_TRUE(set_order(query, order)) << order;
}

RC_GTEST_PROP(Filters, QueryStringsComeBack, (const Given& given)) {
  Given named;
  for (const auto& [name, value] : given) {
    if (!name.empty()) named.emplace_back(name, value);
  }
  const auto back = parse_query_string(to_query_string(named));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == named);
}

TEST(Filters, QueryStringsOfOthers) {
  EXPECT_EQ(*parse_query_string("a=b+c&&d"), (Given{{"a", "b c"}, {"d", ""}}));
  for (const char* text : {"a=%", "a=%2", "a=%zz", "%"}) EXPECT_FALSE(parse_query_string(text));
}

}  // namespace
}  // namespace sluice::audit
