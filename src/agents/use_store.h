#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace sluice::agents {

/// What one gateway has let be used of one payer's budget in one span (policy/ledger.h).
struct UseRow {
  std::string gateway, budget, payer;
  int64_t begin_micros = 0, end_micros = 0;  ///< 0: of a run, which has no end
  int64_t last_micros = 0;
  std::string amounts;
};

/// Tells the other gateways, all at once or nothing of it.
Result<> tell_use(store::Database& database, const std::vector<UseRow>& rows, int64_t now_micros);

/// What others than `gateway` have told since `told_since_micros`, of what still counts.
Result<std::vector<UseRow>> load_use(store::Database& database, const std::string& gateway,
                                     int64_t told_since_micros, int64_t now_micros);

/// Takes away what counts no more: spans that are over, and runs not used since `silent_micros`.
Result<> forget_use(store::Database& database, int64_t now_micros, int64_t silent_micros);

}  // namespace sluice::agents
