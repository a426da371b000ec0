#include "audit/damage.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "audit/segment.h"
#include "audit/segment_file.h"

namespace sluice::audit {
namespace {

struct FrameHead {
  uint64_t offset = 0;
  uint64_t number = 0;
};

struct Heads {
  std::vector<FrameHead> frames;
  uint64_t end = 0;  ///< up to where their lengths lead
};

/// What the heads of the frames say that stood there; nothing vouches for it.
Heads read_heads(const Damage& damage) {
  Heads heads{.frames = {}, .end = damage.from};
  auto file = SegmentFile::open(damage.segment);
  while (file && heads.frames.size() < kMaxFindings && heads.end + kFrameHeader <= damage.to) {
    char head[kFrameHeader];
    if (file->read(heads.end, head, sizeof head, sizeof head) != sizeof head) break;
    uint32_t length = 0;
    uint64_t number = 0;
    std::memcpy(&length, head, sizeof length);
    std::memcpy(&number, head + 8, sizeof number);
    heads.frames.push_back({heads.end, number});
    const uint64_t size = frame_size(length & ~kErasedFrame);
    if ((length & ~kErasedFrame) == 0 || size > damage.to - heads.end) break;
    heads.end += size;
  }
  return heads;
}

/// Numbers of a segment rise.
bool fits_between(const Damage& damage, uint64_t number) {
  if (damage.behind != 0 && damage.behind <= damage.before) return true;
  return number > damage.before && (damage.behind == 0 || number < damage.behind);
}

Finding finding_at(const Damage& damage, uint64_t offset, uint64_t number, std::string text) {
  return {.kind = Finding::Kind::kDamaged,
          .first = number,
          .last = number,
          .file = segment_place(damage.segment).string(),
          .offset = offset,
          .text = std::move(text)};
}

/// The missing ones that may have stood there, but at most two: more are no answer.
std::vector<uint64_t> candidates(const Damage& damage, const MissingRecords& missing,
                                 const std::vector<Finding>& named) {
  std::vector<uint64_t> numbers;
  const uint64_t last =
      damage.behind == 0 ? missing.last : std::min(missing.last, damage.behind - 1);
  for (uint64_t n = std::max(missing.first, damage.before + 1); n <= last && numbers.size() < 2;
       ++n) {
    const bool is_named =
        std::any_of(named.begin(), named.end(), [n](const Finding& one) { return one.first == n; });
    if (!is_named && missing.has(n)) numbers.push_back(n);
  }
  return numbers;
}

std::string behind_which(const Damage& damage) {
  if (damage.before == 0) return "at the beginning of this segment";
  return fmt::format("behind record {} of this segment", damage.before);
}

}  // namespace

std::vector<Finding> locate(const Damage& damage, const MissingRecords& missing) {
  std::vector<Finding> found;
  const Heads heads = read_heads(damage);
  for (const auto& [offset, number] : heads.frames) {
    const bool looked_at = number >= missing.first && number <= missing.last;
    const bool twice = std::any_of(found.begin(), found.end(), [number = number](const Finding& f) {
      return f.first == number;
    });
    if (!looked_at || twice || !fits_between(damage, number) || !missing.has(number)) continue;
    found.push_back(
        finding_at(damage, offset, number, "these bytes are not the record that was written here"));
  }
  // What a crash tore at the end is no finding.
  if (damage.at_end) return found;
  const bool told = !found.empty() && heads.end >= damage.to;
  const auto open = told ? std::vector<uint64_t>() : candidates(damage, missing, found);
  if (open.size() == 1 && found.empty()) {
    found.push_back(
        finding_at(damage, damage.from, open[0],
                   fmt::format("these bytes, {}, are no record, and this one is missing there",
                               behind_which(damage))));
  } else if (!open.empty() || (found.empty() && missing.all)) {
    found.push_back(
        finding_at(damage, found.empty() ? damage.from : heads.end, 0,
                   fmt::format("these bytes, {}, are no record", behind_which(damage))));
  }
  return found;
}

}  // namespace sluice::audit
