#pragma once

#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

namespace sluice {

/// What was flushed, in order, by fsync in a test program that includes this (in one file).
class Syncs {
 public:
  static std::vector<std::filesystem::path> take() {
    const std::lock_guard lock(mutex());
    return std::exchange(list(), {});
  }
  static void add(int fd) {
    std::error_code ignored;
    auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored);
    const std::lock_guard lock(mutex());
    list().push_back(std::move(path));
  }

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  static std::vector<std::filesystem::path>& list() {
    static std::vector<std::filesystem::path> one;
    return one;
  }
};

}  // namespace sluice

/// In place of the C library's.
extern "C" int fsync(int fd) {
  sluice::Syncs::add(fd);
  return static_cast<int>(syscall(SYS_fsync, fd));
}
