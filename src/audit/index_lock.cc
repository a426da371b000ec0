#include "audit/index_lock.h"

#include <chrono>
#include <thread>

#include <fcntl.h>

namespace sluice::audit {
namespace {

using namespace std::chrono_literals;

/// Bytes of the file that are locked. Who deletes takes both; who reads passes through the gate, so
/// that there is no end of new readers before whoever waits for the old ones.
constexpr off_t kGate = 0, kFiles = 1;

bool set(const UniqueFd& file, short type, off_t byte) {
  // Of this open file, not of the process: threads read and delete, too.
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return fcntl(file.get(), F_OFD_SETLK, &lock) == 0;
}

void wait(const UniqueFd& file, short type, off_t byte) {
  constexpr std::chrono::milliseconds kPatience = 10s, kPause = 2ms;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!set(file, type, byte) && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(kPause);
}

UniqueFd open(const std::filesystem::path& audit_directory) {
  const auto file = audit_directory / "index.lock";
  return UniqueFd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

}  // namespace

UniqueFd lock_index_files(const std::filesystem::path& audit_directory) {
  UniqueFd file = open(audit_directory);
  if (file.get() < 0) return file;  // Opening the index says why.
  wait(file, F_RDLCK, kGate);
  wait(file, F_RDLCK, kFiles);
  set(file, F_UNLCK, kGate);
  return file;
}

UniqueFd lock_index_files_alone(const std::filesystem::path& audit_directory) {
  UniqueFd file = open(audit_directory);
  if (file.get() < 0) return file;
  wait(file, F_WRLCK, kGate);
  wait(file, F_WRLCK, kFiles);
  return file;
}

}  // namespace sluice::audit
