#include "audit/folder_watch.h"

#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/test_folder.h"

namespace sluice::audit {
namespace {

TEST(FolderWatch, EveryChangeIsSeenAndSilenceIsToo) {
  const TestFolder folder;
  FolderWatch watch;
  EXPECT_TRUE(watch.changed(folder.path()));
  for (int i = 0; i < 50; ++i) {
    std::ofstream(folder.path() / std::to_string(i)) << "x";
    ASSERT_TRUE(watch.changed(folder.path())) << i;
  }
  // What stands in the files is not its concern; that nothing is new is known after a tick.
  std::ofstream(folder.path() / "0") << "more";
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  watch.changed(folder.path());
  EXPECT_FALSE(watch.changed(folder.path()));
  std::filesystem::rename(folder.path() / "1", folder.path() / "other");
  EXPECT_TRUE(watch.changed(folder.path()));
  EXPECT_TRUE(watch.changed(folder.path() / "missing"));
}

}  // namespace
}  // namespace sluice::audit
