#include "net/peer_network.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

TEST(PeerNetwork, OneHostIsOneWhateverAddressItTakes) {
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff::9"));
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
  EXPECT_EQ(network_of("fe80::1%eth0"), "fe80::");
  EXPECT_EQ(network_of("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(network_of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(network_of(""), "");
  EXPECT_EQ(network_of("?"), "?");
}

}  // namespace
}  // namespace sluice::net
