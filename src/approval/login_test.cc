#include "approval/login.h"

#include <gtest/gtest.h>

namespace sluice::approval {
namespace {

TEST(Login, IsReadAsItWasWritten) {
  const Login login{"oidc",         "corp",           "urn:mfa",
                    {"pwd", "otp"}, {"dba", "o\"ps"}, {"robot", "planner", "alice"},
                    "carol",        "10.1.2.3:4711",  "psql \xC3\xA4"};
  const auto read = login_of(to_text(login));
  ASSERT_TRUE(read);
  EXPECT_TRUE(*read == login);
}

TEST(Login, OfWhatNothingIsKnown) {
  EXPECT_EQ(to_text(Login()), "{}");
  EXPECT_TRUE(*login_of("{}") == Login());
}

TEST(Login, WhatNoProgramSaysIsText) {
  Login login;
  login.application = std::string("a\xff\0b", 4);
  EXPECT_TRUE(login_of(to_text(login)));
}

TEST(Login, AnythingElseIsAnError) {
  for (const char* text : {"", "[]", "{", R"({"amr": 7})", R"({"acr": []})"})
    EXPECT_FALSE(login_of(text)) << text;
}

}  // namespace
}  // namespace sluice::approval
