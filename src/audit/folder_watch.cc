#include "audit/folder_watch.h"

#include <sys/stat.h>

namespace sluice::audit {
namespace {

/// File systems keep time in ticks: within one of them a second change leaves no trace.
constexpr int64_t kTickNanos = 20'000'000;
/// Should the folder's time be another machine's.
constexpr auto kTrusted = std::chrono::milliseconds(500);

}  // namespace

bool FolderWatch::changed(const std::filesystem::path& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) return true;
  const int64_t modified = int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  const auto now = Clock::now();
  const bool same = modified == modified_nanos_ && looked_nanos_ > modified + kTickNanos &&
                    now - told_ < kTrusted;
  if (same) return false;
  modified_nanos_ = modified;
  looked_nanos_ = wall_micros() * 1000;
  told_ = now;
  return true;
}

}  // namespace sluice::audit
