#include "control/known_fields.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

std::string refusal(std::string method, std::string path, std::string body) {
  HttpRequest request;
  request.method = std::move(method);
  request.path = "/api/v1" + path;
  request.body = std::move(body);
  const auto refused = unknown_field(request);
  return refused ? std::to_string(refused->status) + " " + refused->body : "";
}

TEST(KnownFields, WhatIsDescribedIsTaken) {
  EXPECT_EQ(refusal("POST", "/users/ci/tokens", R"({"for":"1d","databases":["orders"]})"), "");
  EXPECT_EQ(refusal("PATCH", "/users/ci", R"({"disabled":true,"attributes":{"any":"name"}})"), "");
  EXPECT_EQ(refusal("POST", "/query?x=1", R"({"database":"orders","sql":"SELECT 1"})"), "");
  EXPECT_EQ(refusal("POST", "/audit/who-saw", R"({"value":"a"})"), "");
}

TEST(KnownFields, AnythingElseIsRefusedWithWhatMayHaveBeenMeant) {
  const auto token = refusal("POST", "/users/ci/tokens", R"({"for":"1d","databses":["orders"]})");
  EXPECT_NE(token.find("400 "), std::string::npos);
  EXPECT_NE(token.find(R"(there is no field \"databses\" here)"), std::string::npos) << token;
  EXPECT_NE(token.find(R"(Perhaps \"databases\" was meant.)"), std::string::npos) << token;
  const auto far = refusal("PATCH", "/users/ci", R"({"whatever":1})");
  EXPECT_NE(far.find("There are attributes, disabled, groups"), std::string::npos) << far;
}

TEST(KnownFields, WhatIsNoObjectIsLeftToWhoReadsIt) {
  for (const char* body : {"", "[]", "7", "{", R"("databses")"})
    EXPECT_EQ(refusal("POST", "/users/ci/tokens", body), "") << body;
  EXPECT_EQ(refusal("GET", "/users", R"({"x":1})"), "");
  EXPECT_EQ(refusal("POST", "/nowhere", R"({"x":1})"), "");
}

}  // namespace
}  // namespace sluice::control
