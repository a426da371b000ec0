#include "audit/tail_watch.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/segment.h"
#include "audit/segment_file.h"

namespace sluice::audit {
namespace {

/// Of the segment in which versions before 2026-11-29 left what a crash had torn, by their word:
/// "not closed: NAME with 5 records, then a torn one that is kept as it is". Empty: the message is
/// about something else.
std::string_view segment_with_torn_tail(std::string_view message) {
  if (!message.ends_with(", then a torn one that is kept as it is")) return {};
  for (const std::string_view begin : {"not closed: ", "not whole, though closed: "}) {
    if (!message.starts_with(begin)) continue;
    message.remove_prefix(begin.size());
    return message.substr(0, message.find(' '));
  }
  return {};
}

}  // namespace

void TailWatch::note(const std::filesystem::path& segment, uint64_t offset, uint64_t last) {
  tails_.push_back({segment, offset, last});
}

void TailWatch::take(uint64_t sequence, const RecordView& record) {
  if (record.type == EventType::kGatewayStart || record.type == EventType::kGatewayStop)
    served_ = std::max(served_, sequence);
  if (record.type != EventType::kEvidence) return;
  if (const auto name = segment_with_torn_tail(record.message); !name.empty())
    explained_.emplace(name);
}

void TailWatch::wrote(uint32_t writer, uint64_t last) {
  uint64_t& furthest = furthest_[writer];
  furthest = std::max(furthest, last);
}

bool TailWatch::left_behind(const Damage& damage) const {
  const auto header = read_segment_header(damage.segment);
  if (!header) return false;
  // A start completes all segments before it is recorded, when a stop is recorded nobody is served
  // any more, and a writer completes its own before it writes to the next.
  const uint64_t reached = std::max(damage.before, header->first_sequence);
  const auto furthest = furthest_.find(header->writer);
  return reached < served_ || (furthest != furthest_.end() && reached < furthest->second);
}

std::vector<Finding> TailWatch::findings() const {
  std::vector<Finding> out;
  for (const auto& [segment, offset, last] : tails_) {
    if (explained_.contains(segment.filename())) continue;
    out.push_back({.kind = Finding::Kind::kDamaged,
                   .file = segment_place(segment).string(),
                   .offset = offset,
                   .text = fmt::format("these bytes stand behind record {}, the last one of a "
                                       "complete segment, and are none of it",
                                       last)});
  }
  return out;
}

}  // namespace sluice::audit
