#include "audit/frame_fetcher.h"

namespace sluice::audit {

Result<const Frame*> FrameFetcher::fetch(const std::string& segment, uint64_t place,
                                         uint64_t sequence) {
  // Less far ahead than this, reading on costs less than reading anew.
  constexpr uint64_t kReadOn = 64 * 1024;
  const bool on = reader_ && segment == segment_ && place >= reader_->offset() &&
                  place - reader_->offset() < kReadOn;
  if (!on) {
    SLUICE_ASSIGN(auto reader, SegmentReader::open(directory_ / segment, place));
    reader_.emplace(std::move(reader));
    segment_ = segment;
  }
  uint64_t at = 0;
  do {
    at = reader_->offset();
    if (reader_->next(frame_) != SegmentReader::Status::kFrame) break;
    if (at == place && frame_.sequence == sequence) return &frame_;
  } while (at < place);
  reader_.reset();
  return fail(ErrorCode::kIo, "the audit log is damaged: " + segment + " at byte " +
                                  std::to_string(at) + "; sluice audit verify tells more");
}

}  // namespace sluice::audit
