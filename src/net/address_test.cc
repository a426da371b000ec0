#include "net/address.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/socket.h"

namespace sluice::net {
namespace {

TEST(Resolve, Literals) {
  const auto four = resolve("127.0.0.1", 5432);
  ASSERT_TRUE(four) << four.error().text;
  EXPECT_EQ(four->front().to_string(), "127.0.0.1:5432");
  EXPECT_EQ(four->front().host(), "127.0.0.1");
  EXPECT_EQ(four->front().port(), 5432);
  const auto six = resolve("::1", 65535);
  ASSERT_TRUE(six) << six.error().text;
  EXPECT_EQ(six->front().to_string(), "[::1]:65535");
}

TEST(Resolve, FoldersOfUnixSockets) {
  const auto found = resolve("/run/postgresql", 5433);
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_EQ(found->front().to_string(), "/run/postgresql/.s.PGSQL.5433");
  EXPECT_EQ(found->front().port(), 0);
  const auto too_long = resolve("/" + std::string(200, 'x'), 5432);
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code, ErrorCode::kInvalidInput);
}

TEST(Resolve, RefusesWhatIsNoName) {
  EXPECT_FALSE(resolve("", 1));
  EXPECT_FALSE(resolve(std::string("a\0b", 3), 1));
  EXPECT_FALSE(resolve("no such host.invalid", 1));
}

TEST(ListenTcp, IsAloneUnlessWorkersShare) {
  const Address any = resolve("127.0.0.1", 0)->front();
  for (const Sharing sharing : {Sharing::kNobody, Sharing::kOthers}) {
    const UniqueFd first(*listen_tcp(any, 16, sharing));
    const auto address = local_address(first.get());
    const auto again = listen_tcp(*address, 16);
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().text.find("in use"), std::string::npos) << again.error().text;
    EXPECT_FALSE(check_free(*address)) << "others would get some of its clients";
  }
  EXPECT_TRUE(check_free(any));
}

TEST(ListenTcp, PicksAFreePortThatOthersMayShare) {
  const Address any = resolve("127.0.0.1", 0)->front();
  const auto fd = listen_tcp(any, 16, Sharing::kOthers);
  ASSERT_TRUE(fd) << fd.error().text;
  const UniqueFd first(*fd);
  const auto address = local_address(first.get());
  ASSERT_TRUE(address);
  EXPECT_NE(address->port(), 0);
  const auto again = listen_tcp(*address, 16, Sharing::kOthers);
  ASSERT_TRUE(again) << again.error().text;
  const UniqueFd second(*again);
  EXPECT_EQ(local_address(second.get())->port(), address->port());
}

TEST(ListenTcp, SaysWhere) {
  const auto fd = listen_tcp(resolve("192.0.2.1", 5432)->front(), 16);
  ASSERT_FALSE(fd);
  EXPECT_NE(fd.error().text.find("192.0.2.1:5432"), std::string::npos) << fd.error().text;
}

}  // namespace
}  // namespace sluice::net
