#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/ordered_reader.h"
#include "audit/reconcile.h"
#include "audit/wal_changes.h"
#include "base/result.h"

namespace sluice::audit {

/// Finds the records of stamps. Asked about them roughly in the order of their times, it reads the
/// log once; what it does not meet on the way is looked for by itself. Its memory is bounded.
class StampFinder {
 public:
  /// `audit_directory` is `<state>/audit`.
  StampFinder(std::filesystem::path audit_directory, std::string database)
      : directory_(std::move(audit_directory)), database_(std::move(database)) {}

  Result<std::optional<RecordedStamp>> find(const Stamp& stamp);
  /// Recorded statements that changed one of the tables at the time of its commit and have no
  /// stamp: what may explain a transaction that has none. At most `limit` of them.
  Result<std::vector<uint64_t>> nearby(const WalTransaction& transaction, size_t limit) const;

 private:
  using Key = std::pair<uint64_t, uint64_t>;  ///< session, token
  struct Hash {
    size_t operator()(const Key& key) const { return key.first * 0x9E3779B97F4A7C15U ^ key.second; }
  };

  Result<> start_reading(const Stamp& stamp);
  Result<> read_until(int64_t time_micros, const Key& wanted);
  Result<std::optional<RecordedStamp>> search_for(const Stamp& stamp) const;
  void remember(const Key& key, RecordedStamp record);

  std::filesystem::path directory_;
  std::string database_;
  std::optional<OrderedReader> reader_;
  int64_t reached_micros_ = 0;  ///< the time of the record read last
  std::unordered_map<Key, RecordedStamp, Hash> met_;
  std::deque<Key> oldest_;  ///< of `met_`, in the order of their coming
};

}  // namespace sluice::audit
