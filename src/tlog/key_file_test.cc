#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "base/test_syncs.h"
#include "tlog/note.h"

namespace sluice::tlog {
namespace {

using ::testing::ElementsAre;

TEST(KeyFile, IsThereAfterAPowerFailure) {
  const TestFolder folder;
  Syncs::take();
  ASSERT_TRUE(create_key(folder / "key.pem"));
  EXPECT_THAT(Syncs::take(), ElementsAre(folder / "key.pem", folder.path()));
}

TEST(KeyFile, IsNotWrittenOver) {
  const TestFolder folder;
  const auto key = create_key(folder / "key.pem");
  ASSERT_TRUE(key);
  EXPECT_FALSE(create_key(folder / "key.pem"));
  EXPECT_EQ((*load_key(folder / "key.pem"))->public_key(), (*key)->public_key());
}

}  // namespace
}  // namespace sluice::tlog
