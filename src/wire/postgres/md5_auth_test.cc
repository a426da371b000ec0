#include "wire/postgres/md5_auth.h"

#include <gtest/gtest.h>

#include "wire/postgres/wire_fixture.h"

namespace sluice::wire::postgres {
namespace {

TEST(Md5, AnswersLikeLibpq) {
  // md5('pencil' || 'user') is 20c46e3762c864548e296b33c3406aa9.
  EXPECT_EQ(md5_response("user", "pencil", "salt"), "md5d3d9bcccbaa2fb5234570d4d0f22b055");
  EXPECT_EQ(md5_response("user", "pencil", testing::B("\0\xff\0\xff")),
            "md5d66ba9d02852bce94d3f47867af2b4cd");
}

TEST(Md5, DependsOnEverything) {
  const auto base = md5_response("user", "pencil", "salt");
  EXPECT_NE(base, md5_response("use", "rpencil", "salt"));
  EXPECT_NE(base, md5_response("user", "pencil", "tlas"));
  EXPECT_EQ(base.size(), 35U);
}

}  // namespace
}  // namespace sluice::wire::postgres
