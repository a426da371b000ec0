// Session: what its statements put elsewhere takes its class along.
#include <algorithm>

#include "gateway/session.h"
#include "gateway/worker.h"
#include "mask/copied.h"

namespace sluice::gateway {

/// What it writes takes its class along, also by way of this session's temporary tables.
void Session::carry(const Statement& statement, const Masking* masking) {
  const auto& facts = statement.facts();
  auto& labels = admission_.database->labels();
  const auto* catalog = scope_.scope ? scope_.scope->catalog.get() : nullptr;
  const bool by_way = !temporary_copies_.empty() && !facts.written.empty() && catalog != nullptr;
  if (!by_way && (masking == nullptr || masking->plan().copies.empty())) return;
  auto copies = by_way ? mask::copied(facts, *catalog, *labels.current(), temporary_copies_)
                       : masking->plan().copies;
  const auto lasting = std::stable_partition(
      copies.begin(), copies.end(),
      [](const privacy::Copy& copy) { return copy.schema == mask::kTemporarySchema; });
  mask::hold(temporary_copies_, {copies.begin(), lasting});
  copies.erase(copies.begin(), lasting);
  if (!copies.empty()) labels.carry(copies);
}

}  // namespace sluice::gateway
