#include "cli/file_watch.h"

#include <utility>

#include <sys/stat.h>

namespace sluice::cli {
namespace {

int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace

bool FileWatch::changed(const std::string& file) {
  std::array<int64_t, 5> now{};
  struct stat told{};
  if (::stat(file.c_str(), &told) == 0) {
    // A file that is moved into its place keeps the time at which it was written.
    now = {static_cast<int64_t>(told.st_dev), static_cast<int64_t>(told.st_ino), told.st_size,
           nanoseconds(told.st_mtim), nanoseconds(told.st_ctim)};
  }
  return std::exchange(seen_, now) != now;
}

}  // namespace sluice::cli
