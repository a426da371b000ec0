#include "audit/follower.h"

#include <algorithm>

#include "audit/torn_segment.h"

namespace sluice::audit {

Result<size_t> LogFollower::read(size_t limit, const Each& each,
                                 const std::function<bool()>& enough, uint64_t written) {
  if (watch_.changed(directory_)) {
    SLUICE_ASSIGN(files_, list_segments(directory_));
  }
  size_t count = 0;
  behind_ = false;
  unreadable_.clear();
  written_ = written;
  bool looking = true;
  for (const auto& file : files_) {
    looking = looking && !(enough && enough());
    const std::string name = file.filename();
    if (!looking) {
      // Of one that was never looked at: what stands before its first record is elsewhere.
      if (!over_.contains(name)) reached_.try_emplace(name, number_in_name(file) - 1);
      continue;
    }
    if (SegmentReader* reader = reader_of(file, name)) {
      const size_t read = read_segment(*reader, file, name, limit, each);
      behind_ = behind_ || read == limit;
      count += read;
      reached_[name] = read == limit ? last_[name] : written;
    }
    if (over_.contains(name)) reached_.erase(name);
  }
  return count;
}

uint64_t LogFollower::reached() const {
  uint64_t least = written_;
  for (const auto& [name, number] : reached_) least = std::min(least, number);
  return least;
}

SegmentReader* LogFollower::reader_of(const std::filesystem::path& file, const std::string& name) {
  if (over_.contains(name)) return nullptr;
  if (const auto open = open_.find(name); open != open_.end()) return &open->second;
  const auto known = cursor_.find(name);
  const uint64_t offset = known == cursor_.end() ? kSegmentHeader : known->second;
  // A complete segment that has been read to its end needs no open file.
  const auto header = read_segment_header(file);
  if (header && header->last_sequence != 0 && offset >= segment_size(file)) {
    over_.insert(name);
    return nullptr;
  }
  auto reader = SegmentReader::open(file, offset);
  // Else it is being created, or no segment at all.
  if (!reader && reader.error().code == ErrorCode::kIo)
    unreadable_.push_back(name + ": cannot be read now: " + reader.error().text);
  if (!reader) return nullptr;
  return &open_.emplace(name, std::move(*reader)).first->second;
}

size_t LogFollower::read_segment(SegmentReader& reader, const std::filesystem::path& file,
                                 const std::string& name, size_t limit, const Each& each) {
  // Asked before reading: what is complete already does not grow any more.
  const auto header = read_segment_header(file);
  const uint64_t sealed = header ? header->last_sequence : 0;
  Frame frame;
  size_t count = 0;
  bool more = true, damaged = false;
  // One that is damaged is gone through at once.
  while ((count < limit || damaged) && more) {
    const auto status = reader.next(frame);
    if (status == SegmentReader::Status::kFrame) {
      uint64_t& last = last_[name];
      // Behind a damaged place what looks like a record may be a part of one. Numbers ascend.
      if (damaged && (frame.sequence <= last || frame.sequence > sealed)) continue;
      if (!frame.erased) each(name, frame);
      last = frame.sequence;
      ++count;
      continue;
    }
    const bool corrupt = status == SegmentReader::Status::kCorrupt;
    // A length that became zero looks like the end, but not like the end of a complete segment; and
    // behind the last record of one there may be a torn one.
    const bool here = sealed == 0 ? corrupt : last_read(file, name, reader.offset()) < sealed;
    if (here) damage_.push_back(name + ": damaged at byte " + std::to_string(reader.offset()));
    if (here && sealed == 0) over_.insert(name);
    damaged = damaged || (here && sealed != 0);
    more = here && sealed != 0 && reader.find_next();
  }
  uint64_t end = reader.offset();
  if (!more && sealed != 0) {
    over_.insert(name);
    open_.erase(name);
    last_.erase(name);
    end = segment_size(file);
  }
  if (cursor_[name] != end) cursor_[name] = end;
  return count;
}

/// The number of the last record before `offset`, which somebody else may have read.
uint64_t LogFollower::last_read(const std::filesystem::path& file, const std::string& name,
                                uint64_t offset) {
  if (const auto known = last_.find(name); known != last_.end()) return known->second;
  uint64_t& last = last_[name];
  auto reader = SegmentReader::open(file);
  Frame frame;
  while (reader && reader->offset() < offset) {
    if (reader->next(frame) == SegmentReader::Status::kFrame) {
      last = frame.sequence;
    } else if (!reader->find_next()) {
      break;
    }
  }
  return last;
}

}  // namespace sluice::audit
