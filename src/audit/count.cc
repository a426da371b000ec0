#include "audit/count.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "audit/decision.h"
#include "audit/record.h"
#include "audit/walk.h"

namespace sluice::audit {
namespace {

constexpr std::array kFields = {Field::kUser,        Field::kGroup,    Field::kPrincipalKind,
                                Field::kSession,     Field::kDatabase, Field::kEnvironment,
                                Field::kApplication, Field::kAddress,  Field::kTable,
                                Field::kColumn,      Field::kClass,    Field::kAction,
                                Field::kDecision,    Field::kRule,     Field::kType,
                                Field::kKind,        Field::kRun,      Field::kPrompt,
                                Field::kApproval,    Field::kDuration, Field::kRows};

/// Which entry tells a field; null for what a hit has itself.
std::optional<EntryKind> teller(Field field) {
  switch (field) {
    case Field::kSession:
    case Field::kDuration:
    case Field::kRows:
      return std::nullopt;
    case Field::kTable:
    case Field::kColumn:
    case Field::kClass:
    case Field::kAction:
    case Field::kKind:
      return EntryKind::kStatement;
    case Field::kDecision:
    case Field::kRule:
    case Field::kType:
    case Field::kApproval:
      return EntryKind::kVerdict;
    default:
      return EntryKind::kContext;
  }
}

/// How many decades a number is counted in at most; what is more is one span.
constexpr unsigned kDecades = 7;

/// 0 for 0, then one for each power of ten: 1 is 1, 2 to 10 is 2.
unsigned decade_of(uint64_t number) {
  unsigned decade = number == 0 ? 0 : 1;
  for (uint64_t most = 1; number > most && decade <= kDecades; most *= 10) ++decade;
  return decade;
}

/// The span of rows: "0", "1", "2 to 10", "11 to 100", …, "more than 1000000".
std::string rows_span(unsigned decade) {
  if (decade <= 1) return std::to_string(decade);
  uint64_t most = 10;
  for (unsigned d = 2; d < decade; ++d) most *= 10;
  if (decade > kDecades) return "more than " + std::to_string(most / 10);
  return std::to_string(most / 10 + 1) + " to " + std::to_string(most);
}

/// The span of a duration: "up to 1 ms", "1 to 10 ms", …, "more than 100 s".
std::string duration_span(unsigned decade) {
  static const std::array<const char*, 8> kSpans = {
      "up to 1 ms", "1 to 10 ms",  "10 to 100 ms",  "100 ms to 1 s",
      "1 to 10 s",  "10 to 100 s", "100 to 1000 s", "more than 1000 s"};
  return kSpans[decade];
}

unsigned duration_decade(uint64_t micros) {
  unsigned decade = 0;
  for (uint64_t most = 1000; micros > most && decade < kDecades; most *= 10) ++decade;
  return decade;
}

/// The values of a field of one record, each once; one that is empty where there is none.
std::vector<std::string> values_of(Field field, const RecordView& record) {
  std::vector<std::string> out;
  const auto list = [&](const TextList& values) {
    values.for_each([&](Bytes value) {
      if (std::find(out.begin(), out.end(), value) == out.end()) out.emplace_back(value);
    });
  };
  const auto one = [&](Bytes value) { out.emplace_back(value); };
  switch (field) {
    case Field::kUser:
      one(record.user);
      break;
    case Field::kGroup:
      list(record.groups);
      break;
    case Field::kPrincipalKind:
      one(record.principal_kind);
      break;
    case Field::kSession:
      one(std::to_string(record.session_id));
      break;
    case Field::kDatabase:
      one(record.database);
      break;
    case Field::kEnvironment:
      one(record.environment);
      break;
    case Field::kApplication:
      one(record.application);
      break;
    case Field::kAddress:
      one(host_of(record.client_address));
      break;
    case Field::kRun:
      one(record.run);
      break;
    case Field::kPrompt:
      one(record.prompt);
      break;
    case Field::kApproval:
      one(number_in(record.approval));
      break;
    case Field::kDuration:
      one(duration_span(duration_decade(record.duration_micros)));
      break;
    case Field::kRows:
      one(rows_span(decade_of(record.rows)));
      break;
    case Field::kTable:
      list(record.tables);
      break;
    case Field::kColumn:
      list(record.output_columns);
      list(record.predicate_columns);
      list(record.written_columns);
      break;
    case Field::kClass:
      list(record.classes);
      break;
    case Field::kAction:
      list(record.actions);
      break;
    case Field::kDecision:
      one(record.type == EventType::kStatement ? decision_of(record.phase, record.outcome)
                                               : Bytes());
      break;
    case Field::kRule:
      one(record.rule);
      break;
    case Field::kType:
      one(name_of(record.type));
      break;
    case Field::kKind:
      one(record.kind);
      break;
  }
  if (out.empty()) out.emplace_back();
  return out;
}

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
                  rows_ ? decade_of(hit.rows) : 0};
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

std::span<const Field> fields() { return kFields; }

std::string_view name_of(Field field) {
  switch (field) {
    case Field::kUser:
      return "user";
    case Field::kGroup:
      return "group";
    case Field::kPrincipalKind:
      return "principal_kind";
    case Field::kSession:
      return "session";
    case Field::kDatabase:
      return "database";
    case Field::kEnvironment:
      return "environment";
    case Field::kApplication:
      return "application";
    case Field::kAddress:
      return "address";
    case Field::kRun:
      return "run";
    case Field::kPrompt:
      return "prompt";
    case Field::kApproval:
      return "approval";
    case Field::kDuration:
      return "duration";
    case Field::kRows:
      return "rows";
    case Field::kTable:
      return "table";
    case Field::kColumn:
      return "column";
    case Field::kClass:
      return "class";
    case Field::kAction:
      return "action";
    case Field::kDecision:
      return "decision";
    case Field::kRule:
      return "rule";
    case Field::kType:
      return "type";
    case Field::kKind:
      return "kind";
  }
  return "unknown";
}

std::optional<Field> find_field(std::string_view name) {
  for (const Field field : kFields) {
    if (name_of(field) == name) return field;
  }
  return std::nullopt;
}

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
