#include "base/base64.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Base64, VectorsOfRfc4648) {
  for (const auto& [raw, text] : {std::pair{"", ""},
                                  {"f", "Zg=="},
                                  {"fo", "Zm8="},
                                  {"foo", "Zm9v"},
                                  {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(raw), text);
    EXPECT_EQ(from_base64(text), raw);
  }
}

TEST(Base64, TakesNothingElse) {
  for (const char* text :
       {"Zg", "Zg=", "Zg==\n", " Zg==", "Zg==Zg==", "Z", "Zm9-", "Zh==", "Zm\200\200"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice
