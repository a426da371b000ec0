#include "audit/erasure.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "audit/erasing.h"
#include "audit/segment.h"
#include "audit/torn_segment.h"

namespace sluice::audit {
namespace {

constexpr std::string_view kPrefix = "erased: records ";

}  // namespace

std::vector<Erasure> ranges_of(std::span<const uint64_t> numbers) {
  std::vector<Erasure> out;
  for (const uint64_t number : numbers) {
    if (!out.empty() && out.back().last + 1 == number) {
      out.back().last = number;
    } else {
      out.push_back({number, number});
    }
  }
  return out;
}

std::string format_erasure(std::span<const Erasure> ranges, std::string_view reason) {
  std::string out(kPrefix);
  for (const auto& range : ranges) {
    if (out.size() > kPrefix.size()) out += ", ";
    fmt::format_to(std::back_inserter(out), "{} to {}", range.first, range.last);
  }
  return fmt::format("{}: {}", out, reason);
}

std::vector<Erasure> parse_erasure(std::string_view message) {
  if (!message.starts_with(kPrefix)) return {};
  message.remove_prefix(kPrefix.size());
  std::vector<Erasure> out;
  const auto number = [&](uint64_t& value) {
    const auto read = std::from_chars(message.data(), message.data() + message.size(), value);
    message.remove_prefix(static_cast<size_t>(read.ptr - message.data()));
    return read.ec == std::errc();
  };
  const auto skip = [&](std::string_view text) {
    if (!message.starts_with(text)) return false;
    message.remove_prefix(text.size());
    return true;
  };
  do {
    Erasure range;
    if (!number(range.first) || !skip(" to ") || !number(range.last)) return {};
    out.push_back(range);
  } while (skip(", "));
  return skip(":") ? out : std::vector<Erasure>();
}

bool may_expire(const RecordView& record) {
  return record.type != EventType::kEvidence &&
         !(record.type == EventType::kAdmin && !parse_erasure(record.message).empty());
}

namespace {

/// Of one segment.
struct Places {
  std::vector<FramePlace> frames;  ///< to be erased
  uint64_t stay = 0;
};

/// The records of one segment that are to be erased; `last`: its header's, 0 while it is written.
/// An error: they may not be.
Result<Places> places_in(const std::filesystem::path& file, uint64_t last, const Erasure& erasure,
                         std::span<const LegalHold> holds) {
  Places places;
  SLUICE_ASSIGN(auto reader, SegmentReader::open(file));
  Frame frame;
  uint64_t seen = 0;
  while (reader.next(frame) == SegmentReader::Status::kFrame) {
    seen = frame.sequence;
    if (frame.erased || frame.sequence < erasure.first || frame.sequence > erasure.last) continue;
    if (last == 0) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("record {} is in a segment that is still being written: erase it "
                              "once the segment is complete, or after a restart of the gateway",
                              frame.sequence));
    }
    const auto record = read_record(frame.payload);
    if (record && !may_expire(*record)) {
      ++places.stay;
      continue;
    }
    for (const auto& hold : holds) {
      if (record && !matches(hold.which, *record)) continue;
      return fail(ErrorCode::kDenied,
                  fmt::format("record {} is kept by the legal hold \"{}\": sluice audit hold list",
                              frame.sequence, hold.name));
    }
    places.frames.push_back(
        {frame.offset, frame.sequence, static_cast<uint32_t>(frame.payload.size())});
  }
  // What lies behind a damaged place may be some of those; what lies before it can go.
  if (seen < std::min(last, erasure.last))
    return fail(damaged_at(reader.offset()).within(file.filename().string()));
  return places;
}

/// By its name, and by that of the one that its writer has begun behind it.
bool may_hold(std::span<const std::filesystem::path> files, const std::filesystem::path& file,
              const Erasure& erasure) {
  const auto writer_of = [](const std::filesystem::path& one) {
    const std::string name = one.filename();
    return name.substr(std::min(name.find('-'), name.size()));
  };
  const auto behind = std::find_if(files.begin(), files.end(), [&](const auto& other) {
    return number_in_name(other) > number_in_name(file) && writer_of(other) == writer_of(file);
  });
  return number_in_name(file) <= erasure.last &&
         (behind == files.end() || number_in_name(*behind) > erasure.first);
}

}  // namespace

Result<ErasedCount> erase_records(const std::filesystem::path& audit, const Erasure& erasure,
                                  std::span<const LegalHold> holds) {
  SLUICE_ASSIGN(const auto lock, lock_segments(audit));
  SLUICE_ASSIGN(const auto files, list_segments(audit / "log"));
  std::vector<SegmentFrames> found;
  ErasedCount count;
  for (const auto& file : files) {
    const auto header = read_segment_header(file);
    // What is damaged for good holds nothing that could be found; what cannot be read just now may.
    if (!header && header.error().code == ErrorCode::kIo && may_hold(files, file, erasure))
      return fail(header.error());
    if (!header || header->first_sequence > erasure.last) continue;
    const bool complete = header->last_sequence != 0;
    if (complete && header->last_sequence < erasure.first) continue;
    SLUICE_ASSIGN(auto places, places_in(file, header->last_sequence, erasure, holds));
    count.erased += places.frames.size();
    count.stayed += places.stay;
    if (!places.frames.empty()) found.push_back({file, std::move(places.frames)});
  }
  if (found.empty()) return count;
  SLUICE_TRY(begin_erasing(audit, found));
  SLUICE_TRY(finish_erasing(audit, found));
  // What somebody else could not erase stays noted, and is none of this.
  if (const auto settled = settle_index(audit);
      !settled && settled.error().code != ErrorCode::kUnavailable)
    return fail(settled.error());
  return count;
}

}  // namespace sluice::audit
