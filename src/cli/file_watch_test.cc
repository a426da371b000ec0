#include "cli/file_watch.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

TEST(FileWatch, SeesWhatIsWrittenReplacedAndRemoved) {
  const fs::path folder = fs::temp_directory_path() / ("file_watch_" + std::to_string(::getpid()));
  fs::create_directory(folder);
  const fs::path file = folder / "policy.yaml", other = folder / "other.yaml";
  std::ofstream(file) << "one";
  std::ofstream(other) << "two";
  fs::last_write_time(other, fs::last_write_time(file));
  FileWatch watch;
  EXPECT_TRUE(watch.changed(file));
  EXPECT_FALSE(watch.changed(file));
  fs::rename(other, file);
  EXPECT_TRUE(watch.changed(file)) << "as old and as long as the one before it";
  EXPECT_FALSE(watch.changed(file));
  fs::remove(file);
  EXPECT_TRUE(watch.changed(file));
  EXPECT_FALSE(watch.changed(file));
  std::ofstream(file) << "three";
  EXPECT_TRUE(watch.changed(file));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace sluice::cli
