#include "audit/erasing.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "audit/index.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "base/clock.h"
#include "tlog/checkpoint.h"

namespace sluice::audit {
namespace {

/// How long after it was tried in vain a segment is left alone: trying may mean to read all of it.
constexpr int64_t kAgainMicros = 30'000'000;

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

namespace {

/// When a segment was last tried, and why nothing was erased from it.
struct Tried {
  int64_t time_micros = 0;
  std::string why;
  bool just_now() const {
    const int64_t age = wall_micros() - time_micros;
    return age >= 0 && age < kAgainMicros;
  }
};
/// By the segment's name. Lines of `<state>/audit/erasing.failed`: TIME NAME WHY.
using AllTried = std::map<std::string, Tried>;

std::filesystem::path failed_file(const std::filesystem::path& audit) {
  return audit / "erasing.failed";
}

/// A help only: one that cannot be read lets all be tried again.
AllTried tried_in_vain(const std::filesystem::path& audit) {
  AllTried all;
  const auto text = read_file(failed_file(audit));
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  while (const auto line = tlog::take_line(rest)) {
    Tried tried;
    const auto read = std::from_chars(line->data(), line->data() + line->size(), tried.time_micros);
    const auto name = static_cast<size_t>(read.ptr - line->data()) + 1;
    const size_t end = line->find(' ', name);
    if (read.ec != std::errc() || end == std::string_view::npos) continue;
    tried.why = line->substr(end + 1);
    all.emplace(line->substr(name, end - name), std::move(tried));
  }
  return all;
}

/// Of those that are still noted.
Result<> note_tried(const std::filesystem::path& audit, const AllTried& all,
                    std::span<const SegmentFrames> left) {
  std::string text;
  for (const auto& one : left) {
    const auto tried = all.find(one.segment.filename());
    if (tried == all.end()) continue;
    text += fmt::format("{} {} {}\n", tried->second.time_micros, tried->first, tried->second.why);
  }
  if (!text.empty()) return replace_file(failed_file(audit), text);
  std::error_code ignored;
  std::filesystem::remove(failed_file(audit), ignored);
  return {};
}

std::string reasons(std::span<const SegmentFrames> left, const AllTried& all) {
  std::string out;
  for (const auto& one : left) {
    const auto tried = all.find(one.segment.filename());
    out += fmt::format("{}{} record(s) of {}: {}", out.empty() ? "" : "; ", one.frames.size(),
                       one.segment.filename().string(),
                       tried == all.end() ? "not tried yet" : tried->second.why);
  }
  return out;
}

Result<UniqueFd> lock(const std::filesystem::path& audit) {
  const auto file = audit / "segments.lock";
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid() || flock(fd.get(), LOCK_EX) != 0)
    return fail(io_error("lock " + file.string(), errno));
  return fd;
}

/// Erases from those of the noted segments that `wanted` names. kUnavailable: something stays
/// noted that was tried.
template <typename Wanted>
Result<> finish(const std::filesystem::path& audit, const Wanted& wanted) {
  SLUICE_ASSIGN(const auto noted, being_erased(audit));
  if (noted.empty()) return {};
  auto tried = tried_in_vain(audit);
  std::vector<SegmentFrames> left, in_vain;
  for (const auto& one : noted) {
    if (!wanted(one.segment)) {
      left.push_back(one);
      continue;
    }
    const auto done = erase_frames(one.segment, one.frames);
    // One that is not there any more holds nothing.
    if (done || done.error().code == ErrorCode::kNotFound) continue;
    std::string why = done.error().text;
    std::replace(why.begin(), why.end(), '\n', ' ');
    tried[one.segment.filename()] = {wall_micros(), std::move(why)};
    left.push_back(one);
    in_vain.push_back(one);
  }
  if (left.size() != noted.size()) {
    // What is gone is not to be found for as long as the others stay.
    if (!left.empty()) SLUICE_TRY(replace_file(stale_index(audit), {}));
    SLUICE_TRY(replace_file(note_file(audit), format(left)));
  }
  SLUICE_TRY(note_tried(audit, tried, left));
  if (in_vain.empty()) return {};
  return fail(ErrorCode::kUnavailable, "not erased yet, and noted: " + reasons(in_vain, tried));
}

}  // namespace

Result<> begin_erasing(const std::filesystem::path& audit, std::span<const SegmentFrames> all) {
  SLUICE_ASSIGN(auto noted, being_erased(audit));
  for (const auto& [segment, frames] : all) {
    const auto before = std::find_if(noted.begin(), noted.end(),
                                     [&](const auto& one) { return one.segment == segment; });
    if (before == noted.end()) {
      noted.push_back({segment, frames});
    } else {
      before->frames.insert(before->frames.end(), frames.begin(), frames.end());
    }
  }
  return replace_file(note_file(audit), format(noted));
}

Result<UniqueFd> lock_segments(const std::filesystem::path& audit) {
  SLUICE_ASSIGN(auto fd, lock(audit));
  const auto tried = tried_in_vain(audit);
  const auto done = finish(audit, [&](const auto& segment) {
    const auto last = tried.find(segment.filename());
    return last == tried.end() || !last->second.just_now();
  });
  if (!done && done.error().code != ErrorCode::kUnavailable) return fail(done.error());
  return fd;
}

Result<> finish_erasing(const std::filesystem::path& audit) {
  return finish(audit, [](const auto&) { return true; });
}

Result<> finish_erasing(const std::filesystem::path& audit, std::span<const SegmentFrames> noted) {
  return finish(audit, [&](const auto& segment) {
    return std::any_of(noted.begin(), noted.end(),
                       [&](const auto& one) { return one.segment == segment; });
  });
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

Result<Unerased> resume_erasing(const std::filesystem::path& audit, bool at_once) {
  std::error_code ignored;
  if (!std::filesystem::exists(note_file(audit), ignored)) return Unerased();
  UniqueFd held;
  if (at_once) {
    SLUICE_ASSIGN(held, lock(audit));
    const auto done = finish_erasing(audit);
    if (!done && done.error().code != ErrorCode::kUnavailable) return fail(done.error());
  } else {
    SLUICE_ASSIGN(held, lock_segments(audit));
  }
  SLUICE_ASSIGN(const auto left, being_erased(audit));
  if (left.empty()) {
    SLUICE_TRY(settle_index(audit));
    return Unerased();
  }
  Unerased out;
  for (const auto& one : left) out.records += one.frames.size();
  out.why = reasons(left, tried_in_vain(audit));
  return out;
}

}  // namespace sluice::audit
