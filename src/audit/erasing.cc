#include "audit/erasing.h"

#include <charconv>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "audit/index.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "tlog/checkpoint.h"

namespace sluice::audit {
namespace {

constexpr std::string_view kHeader = "sluice erasing v1", kSegment = "segment ", kEnd = "end";

std::filesystem::path note_file(const std::filesystem::path& audit) { return audit / "erasing"; }

std::string format(std::span<const SegmentFrames> all) {
  std::string out = fmt::format("{}\n", kHeader);
  for (const auto& [segment, frames] : all) {
    out += fmt::format("{}{}\n", kSegment, segment.filename().string());
    for (const auto& frame : frames)
      out += fmt::format("{} {} {}\n", frame.offset, frame.sequence, frame.length);
  }
  return out + fmt::format("{}\n", kEnd);
}

std::optional<FramePlace> parse_frame(std::string_view line) {
  FramePlace frame;
  const auto number = [&](auto& value) {
    const auto read = std::from_chars(line.data(), line.data() + line.size(), value);
    if (read.ec != std::errc()) return false;
    line.remove_prefix(static_cast<size_t>(read.ptr - line.data()));
    if (line.starts_with(' ')) line.remove_prefix(1);
    return true;
  };
  const bool read = number(frame.offset) && number(frame.sequence) && number(frame.length);
  const bool fits =
      frame.offset >= kSegmentHeader && frame.offset % 8 == 0 && frame.length < kErasedFrame;
  return read && fits && line.empty() ? std::optional(frame) : std::nullopt;
}

std::optional<std::vector<SegmentFrames>> parse(const std::filesystem::path& audit,
                                                std::string_view text) {
  if (tlog::take_line(text) != kHeader) return std::nullopt;
  std::vector<SegmentFrames> all;
  for (;;) {
    auto line = tlog::take_line(text);
    if (!line) return std::nullopt;
    if (line == kEnd) return all;
    if (line->starts_with(kSegment)) {
      const std::filesystem::path name(line->substr(kSegment.size()));
      if (name.filename() != name || name.extension() != ".seg") return std::nullopt;
      all.push_back({audit / "log" / name, {}});
      continue;
    }
    const auto frame = parse_frame(*line);
    if (!frame || all.empty()) return std::nullopt;
    all.back().frames.push_back(*frame);
  }
}

}  // namespace

Result<std::vector<SegmentFrames>> being_erased(const std::filesystem::path& audit) {
  const auto text = read_file(note_file(audit));
  if (!text && text.error().code == ErrorCode::kNotFound) return std::vector<SegmentFrames>();
  if (!text) return fail(text.error());
  auto all = parse(audit, *text);
  if (all) return std::move(*all);
  return fail(ErrorCode::kInvalidInput,
              note_file(audit).string() +
                  " does not say what is being erased: keep it, and move it "
                  "away for the log to go on");
}

Result<UniqueFd> lock_segments(const std::filesystem::path& audit) {
  const auto file = audit / "segments.lock";
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid() || flock(fd.get(), LOCK_EX) != 0)
    return fail(io_error("lock " + file.string(), errno));
  SLUICE_TRY(finish_erasing(audit));
  return fd;
}

Result<> begin_erasing(const std::filesystem::path& audit, std::span<const SegmentFrames> all) {
  return replace_file(note_file(audit), format(all));
}

Result<> finish_erasing(const std::filesystem::path& audit) {
  SLUICE_ASSIGN(const auto noted, being_erased(audit));
  return finish_erasing(audit, noted);
}

Result<> finish_erasing(const std::filesystem::path& audit, std::span<const SegmentFrames> noted) {
  if (noted.empty()) return {};
  for (const auto& [segment, frames] : noted) {
    const auto done = erase_frames(segment, frames);
    // One that is not there any more holds nothing.
    if (!done && done.error().code != ErrorCode::kNotFound) return done;
  }
  return begin_erasing(audit, {});
}

Result<> settle_index(const std::filesystem::path& audit) {
  std::error_code ignored;
  if (!std::filesystem::exists(note_file(audit), ignored)) return {};
  SLUICE_ASSIGN(const auto left, being_erased(audit));
  if (!left.empty()) return fail(ErrorCode::kUnavailable, "records are still being erased");
  SLUICE_TRY(replace_file(stale_index(audit), {}));
  if (::unlink(note_file(audit).c_str()) != 0 && errno != ENOENT)
    return fail(io_error("remove " + note_file(audit).string(), errno));
  return sync_file(audit);
}

Result<> resume_erasing(const std::filesystem::path& audit) {
  std::error_code ignored;
  if (!std::filesystem::exists(note_file(audit), ignored)) return {};
  SLUICE_ASSIGN(const auto lock, lock_segments(audit));
  return settle_index(audit);
}

}  // namespace sluice::audit
