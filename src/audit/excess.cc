#include "audit/excess.h"

#include <fmt/format.h>

#include "audit/segment.h"
#include "audit/sequencer.h"
#include "audit/torn_segment.h"
#include "audit/tree_files.h"

namespace sluice::audit {
namespace {

/// One that was begun and not written to has the number that comes next.
uint64_t begins_above(uint64_t first, uint64_t covered) { return first > covered + 1 ? first : 0; }

/// The number of the first such record of a segment; 0: there is none.
uint64_t first_above(const std::filesystem::path& segment, const SegmentHeader& header,
                     uint64_t covered) {
  auto reader = SegmentReader::open(segment);
  Frame frame;
  while (reader) {
    if (reader->next(frame) != SegmentReader::Status::kFrame && !reader->find_next()) break;
    if (frame.sequence > covered) return frame.sequence;
  }
  // A number that only its header speaks of would be taken for lost, and signed as such.
  if (header.last_sequence > covered) return header.last_sequence;
  return begins_above(header.first_sequence, covered);
}

}  // namespace

std::string Excess::text() const {
  return fmt::format("record {} stands in {}", sequence, segment.filename().string());
}

Result<std::optional<Excess>> find_excess(const std::filesystem::path& directory,
                                          uint64_t covered) {
  SLUICE_ASSIGN(const auto segments, list_segments(directory));
  std::optional<Excess> lowest;
  for (const auto& segment : segments) {
    const auto header = read_segment_header(segment);
    if (header && header->last_sequence != 0 && header->last_sequence <= covered) continue;
    const uint64_t number = header ? first_above(segment, *header, covered)
                                   : begins_above(number_in_name(segment), covered);
    if (number != 0 && (!lowest || number < lowest->sequence)) lowest = Excess{number, segment};
  }
  return lowest;
}

std::optional<Finding> added_since_closed(const std::filesystem::path& audit,
                                          const tlog::Checkpoint& head) {
  auto added = added_beyond(audit, head);
  // Whoever opens it takes that word back before anything is logged.
  const auto now = tree_files(audit).claimed_head();
  if (!added || !now || *now != head) return std::nullopt;
  return added;
}

std::optional<Finding> added_beyond(const std::filesystem::path& audit,
                                    const tlog::Checkpoint& kept) {
  if (!kept.closed) return std::nullopt;
  const auto excess = find_excess(log_directory(audit), kept.size);
  if (!excess || !*excess) return std::nullopt;
  return Finding{.kind = Finding::Kind::kForged,
                 .first = (*excess)->sequence,
                 .last = (*excess)->sequence,
                 .file = segment_place((*excess)->segment).string(),
                 .text = fmt::format("the log was closed with {} records: somebody has put this "
                                     "one there since",
                                     kept.size)};
}

}  // namespace sluice::audit
