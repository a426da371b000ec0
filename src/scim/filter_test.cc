#include "scim/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::scim {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

const json::object& alice() {
  static const json::object resource = json::parse(R"({
    "id": "4f-A", "externalId": "X1", "userName": "alice@example.com", "active": true,
    "name": {"familyName": "O'Malley", "givenName": "Alice"},
    "emails": [{"value": "a@home.example", "type": "home"},
               {"value": "alice@example.com", "type": "work", "primary": true}],
    "meta": {"resourceType": "User", "lastModified": "2026-05-13T04:42:34.250000Z"}})")
                                           .as_object();
  return resource;
}

bool means(std::string_view text) {
  const auto filter = Filter::parse(text, Kind::kUser);
  EXPECT_TRUE(filter) << text << ": " << filter.error().detail;
  return filter && filter->matches(alice());
}

TEST(ScimFilter, ComparesAsTheSchemaSays) {
  for (const char* text : {R"(userName eq "alice@example.com")",
                           R"(USERNAME Eq "ALICE@example.COM")",
                           R"(urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ALICE")",
                           R"(name.familyName co "o'm")",
                           R"(userName ew "example.com")",
                           "active eq true",
                           "active eq True",
                           R"(active eq "true")",
                           "title eq null",
                           "emails pr",
                           "name pr",
                           "name.givenName pr",
                           R"(externalId eq "X1")",
                           R"(userName gt "a")",
                           R"(userName le "b")",
                           R"(emails eq "a@home.example")",
                           R"(emails.type eq "work")",
                           R"(title ne "x")",
                           R"(userName ne "bob")",
                           R"(meta.lastModified gt "2026-05-13T04:42:34Z")",
                           R"(meta.lastModified lt "2026-05-13T04:42:34.3Z")",
                           R"(meta.lastModified ge "2026-05-13T04:42:34.25Z")",
                           "not (active eq false)",
                           R"(userName eq "x" or active eq true and emails pr)",
                           R"((userName eq "x" or active eq true) and not (title pr))",
                           R"(emails[type eq "work" and value co "@example.com"])",
                           R"(id eq "4f-A")"})
    EXPECT_TRUE(means(text)) << text;
  for (const char* text :
       {R"(userName eq "alice")", R"(externalId eq "x1")", R"(id eq "4f-a")", "active eq false",
        "active ne true", "title pr", "userName eq null", "userName eq 5",
        R"(emails[type eq "home" and value co "@example.com"])", "not (active eq true)",
        R"(emails ne "a@home.example")", R"(meta.lastModified le "2026-05-13T04:42:34Z")",
        R"(userName eq "x" and (active eq true or emails pr))"})
    EXPECT_FALSE(means(text)) << text;
}

TEST(ScimFilter, WhatCannotBeReadIsRefused) {
  std::string deep;
  for (int i = 0; i < 30; ++i) deep += "(";
  std::string many = "active pr";
  for (int i = 0; i < 200; ++i) many += " or active pr";
  for (const std::string& text :
       {std::string(), std::string("userName"), std::string("userName eq"),
        std::string("userName eq \"x"), std::string("userName is \"x\""),
        std::string("userName eq \"x\" and"), std::string("(active pr"), std::string("active pr)"),
        std::string("emails[type eq \"x\""), std::string("emails[type[x eq 1]]"),
        std::string("active gt true"), std::string("userName eq {}"),
        std::string("userName eq [1]"), std::string("userName eq x"), std::string("\xFF pr"), deep,
        many, std::string(5000, ' ')}) {
    const auto filter = Filter::parse(text, Kind::kUser);
    ASSERT_FALSE(filter) << text;
    EXPECT_EQ(filter.error().type, "invalidFilter");
    EXPECT_EQ(filter.error().status, 400);
  }
}

TEST(ScimFilter, TellsWhatCanBeLookedUp) {
  const auto equal = [](std::string_view text, std::string_view attribute) {
    return Filter::parse(text, Kind::kUser)->must_equal(attribute).value_or("-");
  };
  EXPECT_EQ(equal(R"(username eq "a")", "userName"), "a");
  EXPECT_EQ(equal(R"(active eq true and username eq "a")", "userName"), "a");
  EXPECT_EQ(equal(R"(active eq true or username eq "a")", "userName"), "-");
  EXPECT_EQ(equal(R"(not (username eq "a"))", "userName"), "-");
  EXPECT_EQ(equal(R"(username ne "a")", "userName"), "-");
  EXPECT_EQ(equal(R"(emails[value eq "a"])", "emails"), "-");
}

}  // namespace
}  // namespace sluice::scim
