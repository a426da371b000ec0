#include "audit/erasure.h"

#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "audit/index.h"
#include "audit/segment.h"
#include "audit/tree_files.h"

namespace sluice::audit {
namespace {

constexpr std::string_view kPrefix = "erased: records ";

}  // namespace

std::string format_erasure(const Erasure& erasure, std::string_view reason) {
  return fmt::format("{}{} to {}: {}", kPrefix, erasure.first, erasure.last, reason);
}

std::optional<Erasure> parse_erasure(std::string_view message) {
  if (!message.starts_with(kPrefix)) return std::nullopt;
  message.remove_prefix(kPrefix.size());
  Erasure erasure;
  const char* end = message.data() + message.size();
  const auto first = std::from_chars(message.data(), end, erasure.first);
  constexpr std::string_view kTo = " to ";
  if (first.ec != std::errc() || !std::string_view(first.ptr, end).starts_with(kTo)) {
    return std::nullopt;
  }
  const auto last = std::from_chars(first.ptr + kTo.size(), end, erasure.last);
  if (last.ec != std::errc() || last.ptr == end || *last.ptr != ':') return std::nullopt;
  return erasure;
}

Result<uint64_t> erase_records(const std::filesystem::path& audit, const Erasure& erasure) {
  SLUICE_ASSIGN(const auto files, list_segments(audit / "log"));
  std::vector<std::pair<std::filesystem::path, uint64_t>> found;
  for (const auto& file : files) {
    const auto header = read_segment_header(file);
    if (!header || header->first_sequence > erasure.last) continue;
    const bool complete = header->last_sequence != 0;
    if (complete && header->last_sequence < erasure.first) continue;
    SLUICE_ASSIGN(auto reader, SegmentReader::open(file));
    Frame frame;
    while (reader.next(frame) == SegmentReader::Status::kFrame) {
      if (frame.erased || frame.sequence < erasure.first || frame.sequence > erasure.last) continue;
      if (!complete) {
        return fail(ErrorCode::kUnavailable,
                    fmt::format("record {} is in a segment that is still being written: erase it "
                                "once the segment is complete, or after a restart of the gateway",
                                frame.sequence));
      }
      found.emplace_back(file, frame.offset);
    }
  }
  for (const auto& [file, offset] : found) SLUICE_TRY(erase_frame(file, offset));
  if (!found.empty()) SLUICE_TRY(replace_file(stale_index(audit), {}));
  return found.size();
}

}  // namespace sluice::audit
