#include "audit/torn_files.h"

#include <algorithm>
#include <chrono>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/segment.h"
#include "audit/torn_segment.h"
#include "base/sync_folder.h"
#include "base/unique_fd.h"

namespace sluice::audit {
namespace {

constexpr std::string_view kHeld =
    "a legal hold is in force, and nothing tells whether it is about these bytes";

/// The segment is gone where nothing of it was whole.
uint64_t record_before(const std::filesystem::path& file) {
  const std::string name = file.filename();
  const auto segment = file.parent_path() / name.substr(0, name.find(".seg") + 4);
  const auto header = read_segment_header(segment);
  return header && header->last_sequence != 0 ? header->last_sequence : number_in_name(file);
}

Result<> overwrite(const TornFile& torn) {
  const UniqueFd fd(::open(torn.file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return {};
  if (!fd.valid()) return fail(io_error("open " + torn.file.string(), errno));
  const std::string zeros(size_t{64} * 1024, '\0');
  for (uint64_t at = 0; at < torn.bytes;) {
    const auto most = static_cast<size_t>(std::min<uint64_t>(zeros.size(), torn.bytes - at));
    const ssize_t written = ::pwrite(fd.get(), zeros.data(), most, static_cast<off_t>(at));
    if (written <= 0) return fail(io_error("overwrite " + torn.file.string(), errno));
    at += static_cast<uint64_t>(written);
  }
  if (fsync(fd.get()) != 0) return fail(io_error("sync " + torn.file.string(), errno));
  return {};
}

Result<> remove(const TornFile& torn) {
  SLUICE_TRY(overwrite(torn));
  if (::unlink(torn.file.c_str()) != 0 && errno != ENOENT)
    return fail(io_error("remove " + torn.file.string(), errno));
  return sync_folder(torn.file.parent_path());
}

}  // namespace

std::string TornFile::removal(std::string_view reason) const {
  return fmt::format("removed: {}, {} bytes that a crash tore: {}", file.filename().string(), bytes,
                     reason);
}

std::string TornFile::withdrawal(std::string_view why) const {
  return fmt::format("not removed: {}, {} bytes that a crash tore: {}", file.filename().string(),
                     bytes, why);
}

Result<std::vector<TornFile>> list_torn(const std::filesystem::path& directory) {
  std::vector<TornFile> all;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    struct stat status{};
    if (it->path().extension() != ".torn" || ::stat(it->path().c_str(), &status) != 0) continue;
    constexpr int64_t kMicros = 1'000'000;
    all.push_back({.file = it->path(),
                   .kept_micros = status.st_mtim.tv_sec * kMicros + status.st_mtim.tv_nsec / 1000,
                   .bytes = static_cast<uint64_t>(status.st_size),
                   .behind = record_before(it->path())});
  }
  if (error) return fail(ErrorCode::kIo, "list " + directory.string() + ": " + error.message());
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
  return all;
}

std::function<Result<bool>()> any_hold(std::function<Result<std::vector<LegalHold>>()> load) {
  return [load = std::move(load)]() -> Result<bool> {
    SLUICE_ASSIGN(const auto holds, load());
    return !holds.empty();
  };
}

Result<bool> remove_torn(const TornFile& torn, std::string_view reason, const TornRemoval& with) {
  SLUICE_ASSIGN(bool held, with.held());
  if (held) return false;
  SLUICE_TRY(with.tell(torn.removal(reason)));
  auto settled = with.settle ? with.settle() : Result<>();
  if (settled) {
    const auto now = with.held();
    held = now.value_or(false);
    if (!now) settled = fail(now.error());
  }
  if (held || !settled) SLUICE_TRY(with.tell(torn.withdrawal(held ? kHeld : settled.error().text)));
  if (!settled) return fail(std::move(settled.error()));
  if (!held) SLUICE_TRY(remove(torn));
  return !held;
}

std::string torn_stays(uint64_t erased) {
  return fmt::format("{} record(s) are erased, but not what a crash tore beside them", erased);
}

Result<> erase_torn(const std::filesystem::path& directory, const Erasure& erasure,
                    std::string_view reason, const TornRemoval& with) {
  SLUICE_ASSIGN(const auto all, list_torn(directory));
  for (const auto& torn : all) {
    if (!torn.belongs_to(erasure)) continue;
    SLUICE_ASSIGN(const bool held, with.held());
    if (held) {
      SLUICE_TRY(with.tell(torn.withdrawal(kHeld)));
    } else {
      SLUICE_TRY(remove_torn(torn, reason, with));
    }
  }
  return {};
}

}  // namespace sluice::audit
