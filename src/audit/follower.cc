#include "audit/follower.h"

namespace sluice::audit {

Result<size_t> LogFollower::read(size_t limit, const Each& each,
                                 const std::function<bool()>& enough) {
  if (watch_.changed(directory_)) {
    SLUICE_ASSIGN(files_, list_segments(directory_));
  }
  size_t count = 0;
  behind_ = false;
  for (const auto& file : files_) {
    if (enough && enough()) break;
    const std::string name = file.filename();
    if (SegmentReader* reader = reader_of(file, name)) {
      const size_t read = read_segment(*reader, file, name, limit, each);
      behind_ = behind_ || read == limit;
      count += read;
    }
  }
  return count;
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
  if (!reader) return nullptr;  // Being created, or no segment at all.
  return &open_.emplace(name, std::move(*reader)).first->second;
}

size_t LogFollower::read_segment(SegmentReader& reader, const std::filesystem::path& file,
                                 const std::string& name, size_t limit, const Each& each) {
  // Asked before reading: what is complete already does not grow any more.
  const auto header = read_segment_header(file);
  const uint64_t sealed = header ? header->last_sequence : 0;
  Frame frame;
  size_t count = 0;
  auto status = SegmentReader::Status::kFrame;
  while (count < limit && (status = reader.next(frame)) == SegmentReader::Status::kFrame) {
    if (!frame.erased) each(name, frame);
    last_[name] = frame.sequence;
    ++count;
  }
  if (cursor_[name] != reader.offset()) cursor_[name] = reader.offset();
  // A length that became zero looks like the end, but not like the end of a complete segment.
  const auto last = last_.find(name);
  const bool short_of_it = status == SegmentReader::Status::kEnd && sealed != 0 &&
                           last != last_.end() && last->second < sealed;
  if (status == SegmentReader::Status::kCorrupt || short_of_it) {
    over_.insert(name);
    damage_.push_back(name + ": damaged at byte " + std::to_string(reader.offset()));
  }
  if (status != SegmentReader::Status::kFrame && sealed != 0) {
    over_.insert(name);
    open_.erase(name);
    last_.erase(name);
  }
  return count;
}

}  // namespace sluice::audit
