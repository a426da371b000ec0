#include "audit/walk.h"

#include <algorithm>

namespace sluice::audit {

Result<> Walk::unindexed(const EachRecord& each) {
  SLUICE_ASSIGN(auto cursor, index_.cursor());
  LogFollower follower(directory_ / "log", std::move(cursor));
  for (;;) {
    SLUICE_ASSIGN(const size_t count, follower.read(SIZE_MAX, [&](const auto&, const Frame& frame) {
      const auto record = read_record(frame.payload);
      if (record && matches(query_, *record)) each(frame, *record);
    }));
    if (count == 0) return {};
  }
}

Result<> Walk::open() {
  SLUICE_ASSIGN(auto reader, IndexReader::open(index_, query_));
  reader_.emplace(std::move(reader));
  return {};
}

Result<> Walk::chunk(const ChunkInfo& chunk, const Wanted& wanted, const EachHit& each,
                     const IndexReader::ValueWanted& value_wanted) {
  if (!asks_text(query_)) {
    return reader_->read(
        chunk,
        [&](const Hit& hit) {
          if (wanted(hit)) each(chunk, hit);
        },
        value_wanted);
  }
  hits_.clear();
  SLUICE_TRY(reader_->read(
      chunk,
      [&](const Hit& hit) {
        if (wanted(hit)) hits_.push_back(hit);
      },
      value_wanted));
  for (const Hit& hit : hits_) {
    SLUICE_ASSIGN(const Frame* frame, fetcher_.fetch(chunk.segment, hit.place, hit.sequence));
    const auto record = read_record(frame->payload);
    if (record && matches_text(query_, *record)) each(chunk, hit);
  }
  return {};
}

}  // namespace sluice::audit
