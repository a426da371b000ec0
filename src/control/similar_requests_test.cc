#include "control/similar_requests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sluice::control {
namespace {

approval::Request request(int64_t number, const std::string& brief,
                          const std::string& database = "orders") {
  approval::Request out;
  out.number = number;
  out.brief = brief;
  out.subject.database = database;
  out.subject.requester = "alice";
  out.subject.statement = "ALTER TABLE …";
  return out;
}

constexpr const char* kAlters =
    R"({"actions": [{"do": "alter", "object": "public.orders"}, {"do": "read"}]})";
constexpr const char* kDrops = R"({"actions": [{"do": "drop", "object": "public.orders"}]})";
constexpr const char* kSteps =
    R"({"steps": [{"facts": null}, {"database": "orders", "facts": {"actions": [{"do": "alter", "object": "public.orders"}]}}]})";

TEST(SimilarRequests, ThoseThatDidTheSameToTheSame) {
  const auto found =
      similar_to(request(9, kAlters), {request(9, kAlters), request(8, kDrops), request(7, kSteps),
                                       request(6, kAlters, "other"), request(5, kAlters)});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].at("number"), 7);
  EXPECT_EQ(found[0].at("in_common").as_array().at(0).as_string(), "alter public.orders");
  EXPECT_EQ(found[1].at("number"), 5);
  EXPECT_EQ(found[1].at("state").as_string(), "waiting");
}

TEST(SimilarRequests, AChangeOfSeveralDatabasesOnEachOfThem) {
  constexpr const char* kStep =
      R"({{"database": "{}", "facts": {{"actions": [{{"do": "alter", "object": "public.orders"}}]}}}})";
  const auto change = [&](int64_t number, std::vector<std::string> targets) {
    std::string steps, names;
    for (const auto& target : targets) {
      steps += (steps.empty() ? "" : ",") + fmt::format(fmt::runtime(kStep), target);
      names += (names.empty() ? "" : ", ") + target;
    }
    return request(number, "{\"actions\": [], \"steps\": [" + steps + "]}", names);
  };
  const std::vector<approval::Request> before = {
      request(4, kAlters, "other"), change(3, {"staging", "orders"}),
      request(2, kAlters, "staging"), request(1, kAlters, "orders")};
  const auto numbers = [&](const approval::Request& one) {
    std::vector<int64_t> out;
    for (const auto& each : similar_to(one, before)) {
      EXPECT_EQ(each.at("in_common").as_array().size(), 1U);
      out.push_back(each.at("number").as_int64());
    }
    return out;
  };
  EXPECT_EQ(numbers(change(9, {"staging", "orders"})), (std::vector<int64_t>{3, 2, 1}));
  EXPECT_EQ(numbers(change(9, {"orders", "live"})), (std::vector<int64_t>{3, 1}));
  EXPECT_EQ(numbers(request(9, kAlters, "staging")), (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(numbers(request(9, kAlters, "staging, orders")), (std::vector<int64_t>{}));
}

TEST(SimilarRequests, NoMoreThanSomebodyReads) {
  std::vector<approval::Request> many;
  for (int i = 0; i < 50; ++i) many.push_back(request(i + 1, kAlters));
  EXPECT_EQ(similar_to(request(99, kAlters), many).size(), 5U);
}

TEST(SimilarRequests, WhatSaysNothingIsLikeNothing) {
  for (const char* brief : {"", "[]", "{", R"({"actions": 7})", R"({"actions": [7, {}]})"})
    EXPECT_TRUE(similar_to(request(9, brief), {request(8, brief)}).empty()) << brief;
}

}  // namespace
}  // namespace sluice::control
