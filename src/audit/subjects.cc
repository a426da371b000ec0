#include "audit/subjects.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "audit/subject_set.h"
#include "audit/walk.h"
#include "base/distinct_count.h"

namespace sluice::audit {
namespace {

constexpr int64_t kDayMicros = int64_t{24} * 3600 * 1'000'000;
/// Of one person on one day; more are estimated.
constexpr size_t kMostExact = size_t{1} << 20;
/// Of all people on one day: 64 MB.
constexpr size_t kMostKept = size_t{1} << 22;

int64_t day_of(int64_t micros) { return micros - micros % kDayMicros; }

/// What one day's records say.
class Day {
 public:
  void add(const RecordView& record) {
    Person& person = people_.try_emplace(std::string(record.user)).first->second;
    // Values of which a statement tells before its end are no statement more.
    if (record.type == EventType::kStatement) ++person.statements;
    const size_t before = person.values.kept();
    const bool readable = for_each_range(
        record.seen_shown, [&](uint64_t low, uint64_t high) { person.values.add(low, high); });
    person.readable = person.readable && readable;
    kept_ += person.values.kept();
    kept_ -= before;
    if (kept_ > kMostKept) thin();
  }

  void take(int64_t day, size_t limit, std::vector<SubjectsSeen>& out) {
    std::vector<SubjectsSeen> all;
    for (auto& [user, person] : people_) {
      all.push_back({day, user, person.statements, person.values.count(),
                     person.readable && person.values.exact()});
    }
    std::sort(all.begin(), all.end(), [](const SubjectsSeen& a, const SubjectsSeen& b) {
      return a.subjects != b.subjects ? a.subjects > b.subjects : a.user < b.user;
    });
    if (all.size() > limit) all.resize(limit);
    out.insert(out.end(), all.begin(), all.end());
  }

 private:
  struct Person {
    uint64_t statements = 0;
    DistinctCount values{kMostExact};
    bool readable = true;
  };

  /// Those who have seen most can be estimated best.
  void thin() {
    while (kept_ > kMostKept / 2) {
      const auto most =
          std::max_element(people_.begin(), people_.end(), [](const auto& a, const auto& b) {
            return a.second.values.kept() < b.second.values.kept();
          });
      kept_ -= most->second.values.kept();
      most->second.values.thin();
      kept_ += most->second.values.kept();
    }
  }

  std::map<std::string, Person> people_;
  size_t kept_ = 0;
};

Result<> read_day(const std::filesystem::path& audit, Index& index, const Query& query, Day& day) {
  Walk walk(audit, index, query);
  // What moves over into the index meanwhile is counted once.
  std::unordered_set<uint64_t> counted;
  SLUICE_TRY(walk.unindexed([&](const Frame& frame, const RecordView& record) {
    if (counted.insert(frame.sequence).second) day.add(record);
  }));
  SLUICE_TRY(walk.open());
  std::vector<std::pair<uint64_t, uint64_t>> found;  // Place, and number.
  for (const ChunkInfo& chunk : walk.reader().chunks()) {
    found.clear();
    SLUICE_TRY(walk.chunk(
        chunk, [&](const Hit& hit) { return counted.empty() || !counted.contains(hit.sequence); },
        [&](const ChunkInfo&, const Hit& hit) { found.emplace_back(hit.place, hit.sequence); }));
    for (const auto& [place, sequence] : found) {
      SLUICE_ASSIGN(const Frame* frame, walk.fetcher().fetch(chunk.segment, place, sequence));
      const auto record = read_record(frame->payload);
      if (record && !frame->erased) day.add(*record);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<SubjectsSeen>> subjects_seen(const std::filesystem::path& audit,
                                                const Query& query, int64_t now_micros) {
  const int64_t until = query.until_micros == 0 ? now_micros : query.until_micros;
  const int64_t since = query.since_micros == 0 ? day_of(until) : query.since_micros;
  if (until - since > kMostSubjectDays * kDayMicros) {
    return fail(ErrorCode::kInvalidInput, "since: at most " + std::to_string(kMostSubjectDays) +
                                              " days can be asked for at once");
  }
  SLUICE_ASSIGN(auto index, Index::open(audit));
  std::vector<SubjectsSeen> out;
  for (int64_t begin = day_of(until); begin + kDayMicros > since && since <= until;
       begin -= kDayMicros) {
    Query of_day = query;
    of_day.since_micros = std::max(begin, since);
    of_day.until_micros = std::min(begin + kDayMicros - 1, until);
    of_day.min_subjects = std::max<uint64_t>(query.min_subjects.value_or(1), 1);
    Day day;
    SLUICE_TRY(read_day(audit, index, of_day, day));
    day.take(begin, query.limit, out);
  }
  return out;
}

}  // namespace sluice::audit
