#include "base/hash.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Hash, Crc32cKnownAnswers) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);  // RFC 3720 B.4 check value
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), crc32c("123456789"));
}

TEST(Hash, Sha256KnownAnswer) {
  const auto digest = sha256("abc");
  EXPECT_EQ(to_hex({digest.data(), digest.size()}),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  pieces.update("a");
  pieces.update("bc");
  EXPECT_EQ(pieces.finish(), digest);
}

TEST(Hash, HmacKnownAnswer) {
  // RFC 4231, 4.3.
  const auto mac = hmac_sha256("Jefe", "what do ya want for nothing?");
  EXPECT_EQ(to_hex({mac.data(), mac.size()}),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hash, KeyedHashIsStableWithinAProcess) {
  EXPECT_EQ(keyed_hash("x"), keyed_hash("x"));
  EXPECT_NE(keyed_hash("x"), keyed_hash("y"));
}

}  // namespace
}  // namespace sluice
