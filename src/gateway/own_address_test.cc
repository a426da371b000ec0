#include "gateway/own_address.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

bool leads(const std::string& host, const std::string& listener) {
  return leads_here(*net::resolve(host, 5432), listener);
}

TEST(OwnAddress, Threat102_EverySpellingOfThisMachineLeadsHere) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "2130706433", "0x7f.1", "0", "0.0.0.0", "::1",
                           "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "localhost"})
    EXPECT_TRUE(leads(host, "0.0.0.0")) << host;
  EXPECT_TRUE(leads("127.0.0.1", "192.0.2.7")) << "whatever it is bound to";
}

TEST(OwnAddress, NamesAreNoLiterals) {
  for (const char* host : {"127.0.0.1", "2130706433", "::1", "192.0.2.7"})
    EXPECT_TRUE(is_literal(host)) << host;
  for (const char* host : {"localhost", "db.internal", ""}) EXPECT_FALSE(is_literal(host)) << host;
}

TEST(OwnAddress, OtherMachinesDoNot) {
  for (const char* host : {"192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"})
    EXPECT_FALSE(leads(host, "0.0.0.0")) << host;
}

}  // namespace
}  // namespace sluice::gateway
