#pragma once

#include <cstdint>
#include <unordered_map>

#include "audit/index_reader.h"
#include "audit/query.h"

namespace sluice::audit {

/// Tells where a hit stands in a query's order.
class Ranker {
 public:
  /// Of Order::kField: reads what the index has of the field first. Both are to live as long.
  static Result<Ranker> open(const Query& query, IndexReader& reader);

  Result<Rank> rank(const Hit& hit);
  /// The highest rank that a record can have whose number is at most `last`, and which has this
  /// value of what is sorted by: a session, or the number of an entry.
  Result<Rank> highest(uint64_t value, uint64_t last);

 private:
  Ranker(const Query& query, IndexReader& reader)
      : query_(query), reader_(reader), teller_(teller(query.by)) {}

  const Query& query_;
  IndexReader& reader_;
  std::optional<EntryKind> teller_;
  std::unordered_map<uint64_t, Rank> ranks_;  ///< by the entry's number, without sequence
};

}  // namespace sluice::audit
