#include "audit/index_boot.h"

#include <system_error>

#include "audit/index.h"
#include "audit/tree_files.h"
#include "base/log.h"

namespace sluice::audit {
namespace {

std::filesystem::path boot_file(const std::filesystem::path& audit) { return audit / "index.boot"; }
std::filesystem::path closed_file(const std::filesystem::path& audit) {
  return audit / "index.closed";
}

}  // namespace

void drop_index_of_power_failure(const std::filesystem::path& audit) {
  std::error_code ignored;
  const auto boot = read_file("/proc/sys/kernel/random/boot_id");
  const auto noted = read_file(boot_file(audit));
  const bool same = boot && noted && *boot == *noted;
  const bool closed = std::filesystem::exists(closed_file(audit), ignored);
  if (!same && !closed && std::filesystem::exists(audit / "index.db", ignored)) {
    log::info(
        "audit index: it may not be on disk whole, since the machine was started anew: it is made "
        "anew");
    Index::remove(audit);
  }
  // Before anything is written to it: it has to be known then what it is.
  if (!same && boot) {
    if (const auto done = replace_file(boot_file(audit), *boot); !done)
      log::warn("audit index: {}", done.error().text);
  }
  if (closed) {
    std::filesystem::remove(closed_file(audit), ignored);
    (void)sync_file(audit);
  }
}

void note_index_closed(const std::filesystem::path& audit) {
  for (const char* name : {"index.db", "index.db-wal"}) {
    const auto synced = sync_file(audit / name);
    if (!synced && synced.error().code != ErrorCode::kNotFound) return;
  }
  // Without it the index is made anew after a power failure, which costs time and nothing else.
  (void)replace_file(closed_file(audit), {});
}

}  // namespace sluice::audit
