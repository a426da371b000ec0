#include "gateway/vouched.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

TEST(Vouched, OnlyWhatThisProcessSays) {
  for (const char* address : {"192.0.2.7", "2001:db8::1", "fe80::1%eth0"}) {
    EXPECT_EQ(vouched_address(vouch_for(address)), address);
  }
  auto forged = vouch_for("192.0.2.7");
  forged[3] = forged[3] == '0' ? '1' : '0';
  EXPECT_EQ(vouched_address(forged), std::nullopt);
  for (const char* stated : {"", "@", "192.0.2.7", "@192.0.2.7", "0@192.0.2.7"})
    EXPECT_EQ(vouched_address(stated), std::nullopt) << stated;
}

}  // namespace
}  // namespace sluice::gateway
