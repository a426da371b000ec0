#include "audit/stamp_finder.h"

#include "audit/record_view.h"
#include "audit/search.h"

namespace sluice::audit {
namespace {

constexpr size_t kMostRemembered = 1'000'000;
/// How far behind a stamp its record is looked for on the way: most statements are shorter.
constexpr int64_t kUsualMicros = 60'000'000;
/// Clocks of gateway and server differ, and a record's time is that of its statement's start.
constexpr int64_t kSlackMicros = 2'000'000;
constexpr size_t kPage = 1000;

bool writes(const Record& record) {
  for (const auto& action : record.actions) {
    if (!action.starts_with("read")) return true;
  }
  return false;
}

}  // namespace

Result<std::optional<RecordedStamp>> StampFinder::find(const Stamp& stamp) {
  const Key key{stamp.session, stamp.token};
  const auto known = [&]() -> std::optional<RecordedStamp> {
    const auto found = met_.find(key);
    return found == met_.end() ? std::nullopt : std::optional(found->second);
  };
  if (!reader_) SLUICE_TRY(start_reading(stamp));
  if (!known()) SLUICE_TRY(read_until(static_cast<int64_t>(stamp.token) + kUsualMicros, key));
  // One whose transaction is not known may have a later record that knows it.
  if (const auto met = known(); met && met->server_transaction != 0) return met;
  return search_for(stamp);
}

Result<> StampFinder::start_reading(const Stamp& stamp) {
  Query first;
  first.since_micros = static_cast<int64_t>(stamp.token) - kSlackMicros;
  first.order = Order::kOldest;
  first.limit = 1;
  SLUICE_ASSIGN(const auto records, search(directory_, first));
  reader_.emplace(directory_ / "log", records.empty() ? 1 : records.front().sequence, 0);
  return reader_->rescan();
}

Result<> StampFinder::read_until(int64_t time_micros, const Key& wanted) {
  Frame frame;
  while (reached_micros_ <= time_micros) {
    SLUICE_ASSIGN(const auto status, reader_->next(frame));
    if (status == OrderedReader::Status::kWaiting) {
      if (!reader_->ahead()) return {};  // That is all there is.
      reader_->skip();
      continue;
    }
    const auto record = frame.erased ? std::nullopt : read_record(frame.payload);
    if (!record) continue;
    reached_micros_ = std::max(reached_micros_, record->time_micros);
    if (record->stamp == 0) continue;
    const Key key{record->session_id, record->stamp};
    remember(key, {frame.sequence, record->server_transaction});
    if (key == wanted) return {};
  }
  return {};
}

void StampFinder::remember(const Key& key, RecordedStamp record) {
  const auto [at, added] = met_.try_emplace(key, record);
  if (!added) {
    if (at->second.server_transaction == 0) at->second = record;
    return;
  }
  oldest_.push_back(key);
  if (oldest_.size() <= kMostRemembered) return;
  met_.erase(oldest_.front());
  oldest_.pop_front();
}

Result<std::optional<RecordedStamp>> StampFinder::search_for(const Stamp& stamp) const {
  Query query;
  query.session = stamp.session;
  query.database = database_;
  query.type = "statement";
  query.since_micros = static_cast<int64_t>(stamp.token) - kSlackMicros;
  query.order = Order::kOldest;
  query.limit = kPage;
  std::optional<RecordedStamp> best;
  do {
    SLUICE_ASSIGN(const auto page, search_page(directory_, query));
    for (const auto& record : page.records) {
      if (record.stamp != stamp.token) continue;
      best = RecordedStamp{record.sequence, record.server_transaction};
      if (record.server_transaction != 0) return best;
    }
    query.after = page.next;
  } while (query.after);
  return best;
}

Result<std::vector<uint64_t>> StampFinder::nearby(const WalTransaction& transaction,
                                                  size_t limit) const {
  constexpr int64_t kHour = 3'600'000'000;
  std::vector<uint64_t> found;
  for (const auto& [table, changes] : transaction.tables) {
    Query query;
    query.database = database_;
    query.table = table;
    query.type = "statement";
    query.outcome = "allowed";
    query.since_micros = transaction.commit_micros - kHour;
    query.until_micros = transaction.commit_micros + kSlackMicros;
    query.limit = kPage;
    SLUICE_ASSIGN(const auto records, search(directory_, query));
    for (const auto& record : records) {
      const auto end = record.time_micros + static_cast<int64_t>(record.duration_micros);
      if (record.stamp != 0 || !writes(record) || end < transaction.commit_micros - kSlackMicros) {
        continue;
      }
      if (found.size() < limit) found.push_back(record.sequence);
    }
  }
  return found;
}

}  // namespace sluice::audit
