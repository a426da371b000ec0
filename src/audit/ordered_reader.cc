#include "audit/ordered_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/segment_file.h"

namespace sluice::audit {

std::set<std::filesystem::path> OrderedReader::take_read() {
  for (auto& [writer, lane] : lanes_) lane.noted = false;
  return std::exchange(read_, {});
}

Result<> OrderedReader::rescan() {
  for (auto& [writer, lane] : lanes_) lane.dry = false;
  if (!watch_.changed(directory_) && all_known_) return {};
  // Until all of it has been looked at: a listing that failed shows nothing of what is there.
  all_known_ = false;
  bool all = true;
  SLUICE_ASSIGN(const auto files, list_segments(directory_));
  for (const auto& file : files) {
    if (known_.contains(file.filename())) continue;
    const auto header = read_segment_header(file);
    if (!header && header.error().code == ErrorCode::kIo) {
      if (!is_covered_archive(file, covered_)) return fail(header.error());
      known_.insert(file.filename());
      continue;
    }
    // Being created, or what a crash left of one that was.
    all = all && header.has_value();
    if (!header) continue;
    known_.insert(file.filename());
    if (header->last_sequence != 0 && header->last_sequence < next_) continue;
    lanes_[header->writer].files.push_back(file);
  }
  all_known_ = all;
  return {};
}

/// Makes the lane's head its next record that is wanted or comes later, if there is one.
Result<> OrderedReader::fill(Lane& lane) {
  // To look at the end of a segment again for each record of the other lanes costs more than they
  // do.
  while (!lane.dry && !lane.files.empty() && (!lane.head || lane.head->sequence < next_)) {
    const auto& file = lane.files.front();
    if (!lane.reader) {
      SLUICE_ASSIGN(lane.reader, SegmentReader::open(file));
    }
    if (read(lane) == SegmentReader::Status::kFrame) continue;
    // What is complete, or followed by another, does not grow any more; but it may have grown
    // before it was asked about.
    SLUICE_ASSIGN(const auto header, read_segment_header(file));
    const bool complete = header.last_sequence != 0 || lane.files.size() > 1;
    const auto status = read(lane);
    if (status == SegmentReader::Status::kFrame) continue;
    // Behind the last whole record there may be a torn one.
    const bool short_of_it = lane.last < header.last_sequence;
    if (short_of_it || (status == SegmentReader::Status::kCorrupt && !complete)) {
      return fail(ErrorCode::kIo,
                  fmt::format("{} is damaged at byte {}", file.string(), lane.reader->offset()));
    }
    if (!complete) {
      lane.dry = true;
      return {};
    }
    lane.reader.reset();
    lane.files.pop_front();
    lane.noted = false;
  }
  return {};
}

SegmentReader::Status OrderedReader::read(Lane& lane) {
  Frame frame;
  const auto status = lane.reader->next(frame);
  if (status == SegmentReader::Status::kFrame) {
    lane.last = frame.sequence;
    lane.head = std::move(frame);
  }
  return status;
}

Result<OrderedReader::Status> OrderedReader::next(Frame& frame) {
  for (auto& [writer, lane] : lanes_) {
    if (!lane.head || lane.head->sequence < next_) SLUICE_TRY(fill(lane));
    if (!lane.head || lane.head->sequence != next_) continue;
    frame = std::move(*lane.head);
    lane.head.reset();
    if (!std::exchange(lane.noted, true)) read_.insert(lane.files.front());
    ++next_;
    return Status::kFrame;
  }
  return Status::kWaiting;
}

std::optional<uint64_t> OrderedReader::ahead() const {
  std::optional<uint64_t> lowest;
  for (const auto& [writer, lane] : lanes_) {
    if (!lane.head || lane.head->sequence < next_) continue;
    lowest = std::min(lowest.value_or(UINT64_MAX), lane.head->sequence);
  }
  return lowest;
}

}  // namespace sluice::audit
