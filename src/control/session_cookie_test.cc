#include "control/session_cookie.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

HttpRequest with_cookie(std::string header, bool tls = false) {
  HttpRequest request{"GET", "/", ""};
  request.tls = tls;
  request.headers["cookie"] = std::move(header);
  return request;
}

TEST(SessionCookie, ComesBackAsItWasKept) {
  const auto set = keep_session({"slc_abc", true}, 60, false);
  EXPECT_EQ(set, "sluice=1slc_abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=60");
  const auto found = session_cookie(with_cookie("theme=dark; sluice=1slc_abc"), false);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret, "slc_abc");
  EXPECT_TRUE(found->made_for_it);
  EXPECT_FALSE(session_cookie(with_cookie("sluice=0slc_abc"), false)->made_for_it);
}

TEST(SessionCookie, OverTlsItsNameIsBoundToTheHost) {
  EXPECT_EQ(keep_session({"s", false}, 60, true),
            "__Host-sluice=0s; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure");
  // One that a neighbour, or a page in clear, could have set does not count there.
  EXPECT_FALSE(session_cookie(with_cookie("sluice=1slc_abc", true), false));
  EXPECT_FALSE(session_cookie(with_cookie("sluice=1slc_abc"), true));
  EXPECT_TRUE(session_cookie(with_cookie("__Host-sluice=1slc_abc", true), false));
}

TEST(SessionCookie, NothingThatIsNone) {
  for (const char* header : {"", "sluice", "sluice=", "sluice=1", "sluice=x1", "other=1abc",
                             "sluice=1a; sluice=1b", "xsluice=1abc"}) {
    EXPECT_FALSE(session_cookie(with_cookie(header), false)) << header;
  }
}

TEST(SessionCookie, LogoutForgetsTheSecret) {
  EXPECT_EQ(keep_session({"slc_abc", true}, 0, false),
            "sluice=1; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
}

TEST(CsrfToken, TellsNothingOfTheSecretAndIsOfThatOne) {
  EXPECT_EQ(csrf_token("a").size(), 64U);
  EXPECT_EQ(csrf_token("a"), csrf_token("a"));
  EXPECT_NE(csrf_token("a"), csrf_token("b"));
}

}  // namespace
}  // namespace sluice::control
