#include "audit/ranker.h"

namespace sluice::audit {

Result<Ranker> Ranker::open(const Query& query, IndexReader& reader) {
  Ranker ranker(query, reader);
  if (query.order != Order::kField || !ranker.teller_) return ranker;
  SLUICE_TRY(reader.entries(*ranker.teller_, [&](uint64_t number, const RecordView& entry) {
    ranker.ranks_.emplace(number, rank_by(query.by, 0, entry));
  }));
  return ranker;
}

Result<Rank> Ranker::rank(const Hit& hit) {
  if (query_.order != Order::kField)
    return rank_of(query_.order, hit.sequence, hit.duration_micros, hit.rows);
  if (!teller_) return Rank{hit.session, hit.sequence};
  return highest(*teller_ == EntryKind::kContext     ? hit.context
                 : *teller_ == EntryKind::kStatement ? hit.statement
                                                     : hit.verdict,
                 hit.sequence);
}

Result<Rank> Ranker::highest(uint64_t value, uint64_t last) {
  if (!teller_) return Rank{value, last};
  auto known = ranks_.find(value);
  // One that was indexed since.
  if (known == ranks_.end()) {
    SLUICE_ASSIGN(const auto entry, reader_.entry(*teller_, value));
    known = ranks_.emplace(value, rank_by(query_.by, 0, entry)).first;
  }
  Rank rank = known->second;
  rank.sequence = last;
  return rank;
}

}  // namespace sluice::audit
