#include "control/known_fields.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

std::string refusal(std::string method, std::string path, std::string body) {
  HttpRequest request;
  request.method = std::move(method);
  request.path = "/api/v1" + path;
  request.body = std::move(body);
  const auto refused = wrong_fields(request);
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

TEST(KnownFields, AnotherTypeIsRefusedWithWhatItHasToBe) {
  const auto wrong = [](std::string method, std::string path, std::string body, std::string said) {
    const auto refused = refusal(std::move(method), std::move(path), std::move(body));
    EXPECT_EQ(refused.substr(0, 4), "400 ") << said;
    EXPECT_NE(refused.find(said), std::string::npos) << refused;
  };
  wrong("POST", "/users/ci/tokens", R"({"databases":"orders"})",
        R"(\"databases\" has to be a list, and is a text)");
  wrong("POST", "/users/ci/tokens", R"({"databases":null})", "a list, and is null");
  wrong("POST", "/users/ci/tokens", R"({"databases":["orders",7]})",
        R"(\"databases[1]\" has to be a text, and is a number)");
  wrong("PATCH", "/users/ci", R"({"disabled":"yes"})", "true or false, and is a text");
  wrong("PATCH", "/users/ci", R"({"attributes":{"team":1}})",
        R"(\"attributes.team\" has to be a text, and is a number)");
  wrong("PATCH", "/users/ci", R"({"kind":1})", R"(\"kind\" has to be a text)");
  wrong("POST", "/approvals/7/approve", R"({"max_rows":"10"})",
        R"(\"max_rows\" has to be a whole number, and is a text)");
  wrong("POST", "/approvals/7/approve", R"({"max_rows":1.5})", "and is a number with a fraction");
  wrong("PUT", "/databases/hr", R"({"masking":"no"})", "true or false, and is a text");
}

TEST(KnownFields, RequestsOfAnybodyAreLookedAtToo) {
  EXPECT_NE(refusal("POST", "/login", R"({"user":"a","passwrd":"b"})").find(R"(\"password\" was)"),
            std::string::npos);
  const auto wrong = refusal("POST", "/session", R"({"user":"a","password":"b","database":["x"]})");
  EXPECT_NE(wrong.find(R"(\"database\" has to be a text, and is a list)"), std::string::npos);
  EXPECT_EQ(refusal("POST", "/session", R"({"user":"a","password":"b","totp":"1"})"), "");
  EXPECT_EQ(refusal("POST", "/session", R"({"credential":"slc_x"})"), "");
  EXPECT_EQ(refusal("POST", "/token", "grant_type=x&databses=y"), "");
  // A receiver of webhooks may say more than is read.
  EXPECT_EQ(refusal("POST", "/approvals/answers/chat", R"({"request":7,"channel":"x"})"), "");
}

TEST(KnownFields, WhatIsNoObjectIsLeftToWhoReadsIt) {
  for (const char* body : {"", "[]", "7", "{", R"("databses")"})
    EXPECT_EQ(refusal("POST", "/users/ci/tokens", body), "") << body;
  EXPECT_EQ(refusal("GET", "/users", R"({"x":1})"), "");
  EXPECT_EQ(refusal("POST", "/nowhere", R"({"x":1})"), "");
}

}  // namespace
}  // namespace sluice::control
