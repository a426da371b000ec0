#include "audit/tail.h"

#include <map>

namespace sluice::audit {

Result<Tail> Tail::open(const std::filesystem::path& audit, Query query, uint64_t after) {
  // What is there already is skipped.
  if (after == 0) after = UINT64_MAX;
  Cursor cursor;
  SLUICE_ASSIGN(const auto files, list_segments(audit / "log"));
  for (const auto& file : files) {
    const auto header = read_segment_header(file);
    if (header && header->last_sequence != 0 && header->last_sequence <= after) {
      cursor[file.filename()] = segment_size(file);
      continue;
    }
    auto reader = SegmentReader::open(file);
    if (!reader) continue;  // Just being made, so that all in it is new; or no segment at all.
    Frame frame;
    uint64_t offset = reader->offset();
    while (reader->next(frame) == SegmentReader::Status::kFrame && frame.sequence <= after)
      offset = reader->offset();
    cursor[file.filename()] = offset;
  }
  return Tail(LogFollower(audit / "log", std::move(cursor)), std::move(query));
}

Result<size_t> Tail::poll(const std::function<bool(const Record&)>& each) {
  std::map<uint64_t, std::string> fresh;  // Puts the segments' records into one order.
  SLUICE_TRY(follower_.read(1000, [&](const auto&, const Frame& frame) {
    const auto record = read_record(frame.payload);
    if (record && matches(query_, *record)) fresh.insert_or_assign(frame.sequence, frame.payload);
  }));
  size_t told = 0;
  for (const auto& [sequence, payload] : fresh) {
    SLUICE_ASSIGN(const auto record, decode_record(sequence, payload));
    ++told;
    if (!each(record)) break;
  }
  return told;
}

}  // namespace sluice::audit
