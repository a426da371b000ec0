#include "undo/seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "base/test_syncs.h"

namespace sluice::undo {
namespace {

using ::testing::ElementsAre;

TEST(Seal, ItsKeyIsThereAfterAPowerFailure) {
  const TestFolder folder;
  Syncs::take();
  ASSERT_TRUE(Seal::open(folder / "results.key"));
  EXPECT_THAT(Syncs::take(), ElementsAre(folder / "results.key.new", folder.path()));
  ASSERT_TRUE(Seal::open(folder / "results.key"));
  EXPECT_THAT(Syncs::take(), ElementsAre()) << "it is read";
}

}  // namespace
}  // namespace sluice::undo
