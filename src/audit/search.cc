#include "audit/search.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "audit/ranker.h"
#include "audit/tail.h"
#include "audit/walk.h"

namespace sluice::audit {
namespace {

/// The records found so far that come first, at most so many.
class Best {
 public:
  explicit Best(const Query& query) : query_(query) {}

  /// Whether a record of this rank would be among them.
  bool wants(const Rank& rank) const {
    if (query_.limit == 0 || (query_.after && rank >= *query_.after)) return false;
    return !full() || rank > found_.begin()->first;
  }
  /// Whether one of the same key and text, and of a number from `first` to that of `highest`,
  /// would be.
  bool may_want(const Rank& highest, uint64_t first) const {
    Rank lowest = highest;
    lowest.sequence = first;
    if (query_.limit == 0 || (query_.after && lowest >= *query_.after)) return false;
    return !full() || highest > found_.begin()->first;
  }
  void add(const Rank& rank, std::string payload) { keep(rank, {std::move(payload), {}, 0}); }
  void add(const Rank& rank, const std::string& segment, uint64_t place) {
    keep(rank, {{}, segment, place});
  }
  bool full() const { return found_.size() >= query_.limit; }
  /// Whether nothing of a chunk can be among them.
  bool beyond(const ChunkInfo& chunk) const {
    if (query_.limit == 0) return true;
    if (query_.order != Order::kNewest && query_.order != Order::kOldest) return false;
    const bool newest = query_.order == Order::kNewest;
    const auto rank = [&](uint64_t sequence) { return rank_of(query_.order, sequence, 0, 0); };
    const Rank first = rank(newest ? chunk.last_sequence : chunk.first_sequence);
    const Rank last = rank(newest ? chunk.first_sequence : chunk.last_sequence);
    return (full() && first <= found_.begin()->first) || (query_.after && last >= *query_.after);
  }

  Result<Page> take(FrameFetcher& fetcher) const {
    Page page;
    if (full() && !found_.empty()) page.next = found_.begin()->first;
    // Read in the order in which they stand in the log.
    std::vector<std::pair<Rank, const Found*>> order;
    for (const auto& [rank, found] : found_) order.emplace_back(rank, &found);
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return std::tie(a.second->segment, a.second->place) <
             std::tie(b.second->segment, b.second->place);
    });
    std::map<Rank, Record> records;
    for (const auto& [rank, found] : order) {
      const uint64_t sequence = sequence_of(rank);
      Bytes payload = found->payload;
      if (!found->segment.empty()) {
        SLUICE_ASSIGN(const Frame* frame, fetcher.fetch(found->segment, found->place, sequence));
        if (frame->erased) continue;
        payload = frame->payload;
      }
      SLUICE_ASSIGN(auto record, decode_record(sequence, payload));
      records.emplace(rank, std::move(record));
    }
    for (auto& [rank, record] : records) page.records.push_back(std::move(record));
    if (query_.order != Order::kNewest) std::reverse(page.records.begin(), page.records.end());
    return page;
  }

 private:
  struct Found {
    std::string payload;  ///< or, where there is a segment:
    std::string segment;
    uint64_t place = 0;
  };

  void keep(const Rank& rank, Found found) {
    if (!wants(rank)) return;
    found_.insert_or_assign(rank, std::move(found));
    if (found_.size() > query_.limit) found_.erase(found_.begin());
  }
  uint64_t sequence_of(const Rank& rank) const {
    return query_.order == Order::kOldest ? ~rank.sequence : rank.sequence;
  }

  const Query& query_;
  std::map<Rank, Found> found_;
};

}  // namespace

Result<Page> search_page(const std::filesystem::path& audit, const Query& query) {
  SLUICE_ASSIGN(auto index, Index::open(audit));
  Walk walk(audit, index, query);
  Best best(query);
  SLUICE_TRY(walk.unindexed([&](const Frame& frame, const RecordView& record) {
    best.add(rank_of(query, frame.sequence, record), frame.payload);
  }));
  SLUICE_TRY(walk.open());
  SLUICE_ASSIGN(auto ranker, Ranker::open(query, walk.reader()));
  for (const ChunkInfo& chunk : walk.reader().chunks()) {
    // Segments of several writers overlap, and a page may begin behind a chunk: go on to the next.
    if (best.beyond(chunk)) continue;
    Result<> ranked;
    const auto wants = [&](const Result<Rank>& rank) {
      if (!rank) ranked = fail(rank.error());
      return rank && best.wants(*rank);
    };
    // Most chunks hold no value that comes before those found: they are not looked at further. A
    // page that goes on behind a value still wants those behind it.
    const auto value_wanted = [&](uint64_t value) {
      const auto highest = ranker.highest(value, chunk.last_sequence);
      if (!highest) ranked = fail(highest.error());
      return highest && best.may_want(*highest, chunk.first_sequence);
    };
    SLUICE_TRY(walk.chunk(
        chunk, [&](const Hit& hit) { return wants(ranker.rank(hit)); },
        [&](const ChunkInfo& of, const Hit& hit) {
          if (const auto rank = ranker.rank(hit)) best.add(*rank, of.segment, hit.place);
        },
        query.order == Order::kField ? IndexReader::ValueWanted(value_wanted)
                                     : IndexReader::ValueWanted()));
    SLUICE_TRY(ranked);
  }
  return best.take(walk.fetcher());
}

Result<std::vector<Record>> search(const std::filesystem::path& audit, const Query& query) {
  SLUICE_ASSIGN(auto page, search_page(audit, query));
  return std::move(page.records);
}

Result<std::vector<std::string>> known_damage(const std::filesystem::path& audit) {
  SLUICE_ASSIGN(auto index, Index::open(audit));
  SLUICE_ASSIGN(auto all, index.damage());
  SLUICE_ASSIGN(auto cursor, index.cursor());
  LogFollower follower(audit / "log", std::move(cursor));
  size_t count = 1;
  while (count > 0) {
    SLUICE_ASSIGN(count, follower.read(SIZE_MAX, [](const auto&, const Frame&) {}));
  }
  all.insert(all.end(), follower.unreadable().begin(), follower.unreadable().end());
  for (auto& place : follower.take_damage()) {
    if (std::find(all.begin(), all.end(), place) == all.end()) all.push_back(std::move(place));
  }
  return all;
}

Result<Record> show(const std::filesystem::path& audit, uint64_t sequence) {
  SLUICE_ASSIGN(auto index, Index::open(audit));
  const Query everything;
  Walk walk(audit, index, everything);
  std::optional<std::string> payload;
  SLUICE_TRY(walk.unindexed([&](const Frame& frame, const RecordView&) {
    if (frame.sequence == sequence) payload = frame.payload;
  }));
  if (!payload) SLUICE_TRY(walk.open());
  const std::vector<ChunkInfo> none;
  for (const ChunkInfo& chunk : payload ? none : walk.reader().chunks()) {
    if (sequence < chunk.first_sequence || sequence > chunk.last_sequence) continue;
    std::optional<uint64_t> place;
    SLUICE_TRY(walk.chunk(
        chunk, [&](const Hit& hit) { return hit.sequence == sequence; },
        [&](const ChunkInfo&, const Hit& hit) { place = hit.place; }));
    if (!place) continue;
    SLUICE_ASSIGN(const Frame* frame, walk.fetcher().fetch(chunk.segment, *place, sequence));
    if (frame->erased) {
      return fail(ErrorCode::kNotFound, "record " + std::to_string(sequence) + " has been erased");
    }
    payload = frame->payload;
    break;
  }
  if (!payload) {
    return fail(ErrorCode::kNotFound, "there is no record " + std::to_string(sequence));
  }
  return decode_record(sequence, *payload);
}

Result<> tail(const std::filesystem::path& audit, const Query& query,
              const std::function<bool(const Record&)>& each, const std::function<bool()>& stop) {
  SLUICE_ASSIGN(auto tail, Tail::open(audit, query));
  bool on = true;
  while (on && !stop()) {
    SLUICE_ASSIGN(const size_t told,
                  tail.poll([&](const Record& record) { return on = each(record); }));
    if (told == 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return {};
}

}  // namespace sluice::audit
