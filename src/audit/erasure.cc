#include "audit/erasure.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/erasing.h"
#include "audit/segment.h"
#include "audit/torn_segment.h"

namespace sluice::audit {
bool may_expire(const RecordView& record) {
  return record.type != EventType::kEvidence &&
         !(record.type == EventType::kAdmin && ErasureWords().add(0, record.message));
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

/// All that is to be erased. An error: it may not be.
struct Plan {
  std::vector<SegmentFrames> segments;
  ErasedCount count;
};
Result<Plan> plan_of(const std::filesystem::path& audit, const Erasure& erasure,
                     std::span<const LegalHold> holds) {
  SLUICE_ASSIGN(const auto files, list_segments(audit / "log"));
  Plan plan;
  for (const auto& file : files) {
    const auto header = read_segment_header(file);
    // What is damaged for good holds nothing that could be found; what cannot be read just now may.
    if (!header && header.error().code == ErrorCode::kIo && may_hold(files, file, erasure))
      return fail(header.error());
    if (!header || header->first_sequence > erasure.last) continue;
    const bool complete = header->last_sequence != 0;
    if (complete && header->last_sequence < erasure.first) continue;
    SLUICE_ASSIGN(auto places, places_in(file, header->last_sequence, erasure, holds));
    plan.count.erased += places.frames.size();
    plan.count.stayed += places.stay;
    if (!places.frames.empty()) plan.segments.push_back({file, std::move(places.frames)});
  }
  return plan;
}

}  // namespace

Result<> may_erase(const std::filesystem::path& audit, const Erasure& erasure,
                   std::span<const LegalHold> holds) {
  SLUICE_ASSIGN(const auto lock, lock_segments(audit));
  SLUICE_ASSIGN([[maybe_unused]] const auto plan, plan_of(audit, erasure, holds));
  return {};
}

Result<ErasedCount> erase_records(const std::filesystem::path& audit, const Erasure& erasure,
                                  std::span<const LegalHold> holds, const Withdraw& withdraw) {
  SLUICE_ASSIGN(const auto lock, lock_segments(audit));
  const auto plan = plan_of(audit, erasure, holds);
  if (!plan) {
    if (withdraw) SLUICE_TRY(withdraw(plan.error()));
    return fail(plan.error());
  }
  if (plan->segments.empty()) return plan->count;
  SLUICE_TRY(begin_erasing(audit, plan->segments));
  SLUICE_TRY(finish_erasing(audit, plan->segments));
  // What somebody else could not erase stays noted, and is none of this.
  if (const auto settled = settle_index(audit);
      !settled && settled.error().code != ErrorCode::kUnavailable)
    return fail(settled.error());
  return plan->count;
}

}  // namespace sluice::audit
