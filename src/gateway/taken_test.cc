#include "gateway/taken.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

TEST(CursorUse, AddsUpByNameUntilTheCursorIsOpenedAnew) {
  CursorUse use;
  use.opened("c", false);
  use.opened("d", false);
  use.take("c", {6, 60, 600});
  use.take("c", {1, 10, 100});
  EXPECT_EQ(use.of("c").rows, 7);
  EXPECT_EQ(use.of("c").bytes, 70);
  EXPECT_EQ(use.of("c").micros, 700);
  EXPECT_EQ(use.of("d").rows, 0);
  use.opened("d", false);
  EXPECT_EQ(use.of("c").rows, 7) << "another cursor is none of its business";
  use.opened("c", false);
  EXPECT_EQ(use.of("c").rows, 0);
}

TEST(CursorUse, OutlivesTheTransactionOnlyWhereTheCursorDoes) {
  CursorUse use;
  use.opened("held", true);
  use.opened("c", false);
  use.take("held", {1, 1, 1});
  use.take("c", {2, 2, 2});
  use.changed("held")["public.t"] = 3;
  use.end_transaction();
  EXPECT_EQ(use.of("held").rows, 1);
  EXPECT_EQ(use.changed("held")["public.t"], 3);
  EXPECT_EQ(use.of("c").rows, 0);
}

TEST(CursorUse, ManyNamesAreNoWayToBeForgotten) {
  CursorUse use;
  use.take("c", {6, 60, 600});
  for (size_t i = 0; i < 2 * CursorUse::kMost; ++i) use.take("n" + std::to_string(i), {1, 1, 1});
  EXPECT_GE(use.of("c").rows, 6);
  use.opened("fresh", false);
  EXPECT_EQ(use.of("fresh").rows, 0);
}

TEST(Taken, TheMostOfEach) {
  const Taken most = Taken::most({1, 20, 3}, {10, 2, 30});
  EXPECT_EQ(most.rows, 10);
  EXPECT_EQ(most.bytes, 20);
  EXPECT_EQ(most.micros, 30);
}

}  // namespace
}  // namespace sluice::gateway
