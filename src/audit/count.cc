#include "audit/count.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "audit/walk.h"

namespace sluice::audit {
namespace {

/// What hits are told apart by: numbers first, names when all is counted.
struct Key {
  uint64_t context = 0, statement = 0, verdict = 0, session = 0;
  int64_t bucket = 0;
  unsigned duration = 0, rows = 0;  ///< decades
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  size_t operator()(const Key& key) const {
    uint64_t hash = key.context;
    for (const uint64_t part :
         {key.statement, key.verdict, key.session, static_cast<uint64_t>(key.bucket),
          uint64_t{key.duration} << 8 | key.rows}) {
      hash = (hash ^ part) * 0x9E3779B97F4A7C15U;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

class Counter {
 public:
  explicit Counter(const Counting& counting) : counting_(counting) {
    for (const Field field : counting.by) {
      const auto kind = teller(field);
      session_ = session_ || field == Field::kSession;
      duration_ = duration_ || field == Field::kDuration;
      rows_ = rows_ || field == Field::kRows;
      if (kind) asked_[static_cast<size_t>(*kind)] = true;
    }
  }

  int64_t bucket_of(int64_t micros) const {
    return counting_.bucket_micros == 0 ? 0 : micros - micros % counting_.bucket_micros;
  }
  void add(const Hit& hit) {
    const auto if_asked = [&](EntryKind kind, uint64_t number) {
      return asked_[static_cast<size_t>(kind)] ? number : 0;
    };
    const Key key{if_asked(EntryKind::kContext, hit.context),
                  if_asked(EntryKind::kStatement, hit.statement),
                  if_asked(EntryKind::kVerdict, hit.verdict),
                  session_ ? hit.session : 0,
                  bucket_of(hit.time_micros),
                  duration_ ? duration_decade(hit.duration_micros) : 0,
                  rows_ ? rows_decade(hit.rows) : 0};
    // Records that follow one another are often alike.
    if (last_ == nullptr || last_->first != key) last_ = &*hits_.try_emplace(key, 0).first;
    ++last_->second;
    ++records_;
  }
  void add(const RecordView& record) {
    std::vector<std::vector<std::string>> values;
    for (const Field field : counting_.by) values.push_back(values_of(field, record));
    add(bucket_of(record.time_micros), values, 1);
    ++records_;
  }

  Result<Counts> take(IndexReader& reader, size_t limit) {
    for (const auto& [key, records] : hits_) {
      std::vector<std::vector<std::string>> values;
      for (const Field field : counting_.by) {
        const auto kind = teller(field);
        if (!kind) {
          values.push_back({field == Field::kDuration ? duration_span(key.duration)
                            : field == Field::kRows   ? rows_span(key.rows)
                                                      : std::to_string(key.session)});
          continue;
        }
        const uint64_t number = *kind == EntryKind::kContext     ? key.context
                                : *kind == EntryKind::kStatement ? key.statement
                                                                 : key.verdict;
        SLUICE_ASSIGN(const auto entry, reader.entry(*kind, number));
        values.push_back(values_of(field, entry));
      }
      add(key.bucket, values, records);
    }
    Counts out{records_, {}};
    for (const auto& [key, records] : counts_)
      out.counts.push_back({key.first, key.second, records});
    std::sort(out.counts.begin(), out.counts.end(), [](const Count& a, const Count& b) {
      if (a.bucket != b.bucket) return a.bucket < b.bucket;
      return a.records != b.records ? a.records > b.records : a.values < b.values;
    });
    keep(out.counts, limit);
    return out;
  }

 private:
  using Values = std::vector<std::vector<std::string>>;

  /// For each combination of the fields' values.
  void add(int64_t bucket, const Values& values, uint64_t records) {
    std::vector<std::string> chosen(values.size());
    const auto choose = [&](const auto& self, size_t field) -> void {
      if (field == values.size()) {
        counts_[{bucket, chosen}] += records;
        return;
      }
      for (const auto& value : values[field]) {
        chosen[field] = value;
        self(self, field + 1);
      }
    };
    choose(choose, 0);
  }
  static void keep(std::vector<Count>& counts, size_t limit) {
    size_t in_span = 0;
    const Count* last = nullptr;
    std::vector<Count> kept;
    for (Count& count : counts) {
      in_span = last != nullptr && last->bucket == count.bucket ? in_span + 1 : 1;
      last = &count;
      if (in_span <= limit) kept.push_back(count);
    }
    counts = std::move(kept);
  }

  const Counting& counting_;
  std::array<bool, 4> asked_{};  ///< by EntryKind
  bool session_ = false, duration_ = false, rows_ = false;
  std::unordered_map<Key, uint64_t, KeyHash> hits_;
  std::pair<const Key, uint64_t>* last_ = nullptr;
  std::map<std::pair<int64_t, std::vector<std::string>>, uint64_t> counts_;
  uint64_t records_ = 0;
};

}  // namespace

Result<Counts> count(const std::filesystem::path& audit, const Query& query,
                     const Counting& counting) {
  SLUICE_ASSIGN(auto index, Index::open(audit));
  Walk walk(audit, index, query);
  Counter counter(counting);
  // What moves over into the index meanwhile is counted once.
  std::unordered_set<uint64_t> counted;
  SLUICE_TRY(walk.unindexed([&](const Frame& frame, const RecordView& record) {
    if (counted.insert(frame.sequence).second) counter.add(record);
  }));
  SLUICE_TRY(walk.open());
  for (const ChunkInfo& chunk : walk.reader().chunks()) {
    SLUICE_TRY(walk.chunk(
        chunk, [&](const Hit& hit) { return counted.empty() || !counted.contains(hit.sequence); },
        [&](const ChunkInfo&, const Hit& hit) { counter.add(hit); }));
  }
  return counter.take(walk.reader(), query.limit);
}

}  // namespace sluice::audit
