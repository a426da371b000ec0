#include "audit/stamp.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::audit {
namespace {

const StampMaker kOurs("secret", "sluice.example.com/orders", "orders");

TEST(Stamp, ReadsBackAndIsGenuine) {
  const auto text = kOurs.text(7, 1'700'000'000'000'001);
  const auto stamp = parse_stamp(text);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(stamp->origin, "sluice.example.com/orders");
  EXPECT_EQ(stamp->session, 7U);
  EXPECT_EQ(stamp->token, 1'700'000'000'000'001U);
  EXPECT_TRUE(kOurs.genuine(text));
}

TEST(Stamp, ThoseOfOthersAreNot) {
  const auto text = kOurs.text(7, 5);
  EXPECT_FALSE(StampMaker("other", "sluice.example.com/orders", "orders").genuine(text));
  EXPECT_FALSE(StampMaker("secret", "sluice.example.com/orders", "billing").genuine(text));
  EXPECT_FALSE(StampMaker("secret", "elsewhere", "orders").genuine(text));
}

TEST(Stamp, OriginsMeanNothingInAStatement) {
  const StampMaker odd("secret", "it's \\ 1\n", "orders");
  const auto text = odd.text(1, 2);
  EXPECT_EQ(text.find_first_of("'\\\n"), text.npos);
  EXPECT_EQ(parse_stamp(text)->origin, "it%27s%20%5c%201%0a");
  EXPECT_TRUE(odd.genuine(text));
}

RC_GTEST_PROP(Stamp, NoOtherTextIsGenuine, ()) {
  auto text = kOurs.text(*rc::gen::inRange<uint64_t>(1, 1000), *rc::gen::positive<uint64_t>());
  const auto original = text;
  const auto at = *rc::gen::inRange<size_t>(0, text.size());
  if (*rc::gen::arbitrary<bool>()) {
    text[at] = *rc::gen::arbitrary<char>();
  } else {
    text.insert(at, 1, *rc::gen::arbitrary<char>());
  }
  RC_ASSERT(kOurs.genuine(text) == (text == original));
}

}  // namespace
}  // namespace sluice::audit
