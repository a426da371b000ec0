#include "audit/log_lock.h"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"

namespace sluice::audit {

Result<int> lock_log(const std::filesystem::path& directory) {
  const std::string file = directory / "lock";
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return fail(io_error("open " + file, errno));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = "";
    [[maybe_unused]] const auto got = pread(lock, holder, sizeof holder - 1, 0);
    ::close(lock);
    return fail(ErrorCode::kUnavailable,
                fmt::format("the audit log in {} is in use by process {}: only one gateway may "
                            "serve from one state folder",
                            directory.string(), holder));
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(lock, 0) != 0 || pwrite(lock, pid.data(), pid.size(), 0) < 0) {
    log::warn("cannot note the process id in {}", file);
  }
  return lock;
}

}  // namespace sluice::audit
