#include "audit/who_saw.h"

#include <algorithm>
#include <optional>

#include "audit/follower.h"
#include "audit/subject_set.h"

namespace sluice::audit {
namespace {

std::optional<Sighted> sighted(const WhoSawQuery& query, const Frame& frame) {
  const auto view = read_record(frame.payload);
  if (!view || view->time_micros < query.since_micros ||
      (query.until_micros != 0 && view->time_micros > query.until_micros)) {
    return std::nullopt;
  }
  auto found = contains(view->seen_shown, query.digest);
  const bool shown = found != Contains::kNo;
  if (!shown && query.masked_too) found = contains(view->seen_masked, query.digest);
  if (found == Contains::kNo) return std::nullopt;
  return Sighted{to_record(frame.sequence, *view), !shown, found == Contains::kYes};
}

}  // namespace

Result<std::vector<Sighted>> who_saw(const std::filesystem::path& audit_directory,
                                     const WhoSawQuery& query) {
  std::vector<Sighted> all;
  LogFollower follower(audit_directory / "log", {});
  SLUICE_ASSIGN([[maybe_unused]] const auto count,
                follower.read(SIZE_MAX, [&](const std::string&, const Frame& frame) {
                  if (auto one = sighted(query, frame)) all.push_back(std::move(*one));
                }));
  if (const auto damage = follower.take_damage(); !damage.empty()) {
    return fail(ErrorCode::kIo, "the audit log is damaged, so not all can be told: " + damage[0]);
  }
  std::sort(all.begin(), all.end(), [](const Sighted& a, const Sighted& b) {
    return a.record.sequence < b.record.sequence;
  });
  return all;
}

}  // namespace sluice::audit
