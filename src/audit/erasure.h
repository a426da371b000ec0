#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "audit/erasure_words.h"
#include "audit/query.h"
#include "base/result.h"

namespace sluice::audit {

/// Whether the record may ever be taken, by a rule or a person. What explains the log itself is
/// never: without it what is gone would look like tampering.
bool may_expire(const RecordView& record);

/// Records that are not to be erased, whatever a rule or a person says.
struct LegalHold {
  std::string name;
  Query which;
  friend bool operator==(const LegalHold&, const LegalHold&) = default;
};

/// What has become of the records of a range.
struct ErasedCount {
  uint64_t erased = 0;
  uint64_t stayed = 0;  ///< they explain the log itself
  friend bool operator==(const ErasedCount&, const ErasedCount&) = default;
};

/// Whether `erase_records` would be refused now, and why.
Result<> may_erase(const std::filesystem::path& audit, const Erasure& erasure,
                   std::span<const LegalHold> holds);

/// Told that nothing is erased after all, before anybody else can erase.
using Withdraw = std::function<Result<>(const Error& why)>;

/// Removes what these records say; their places in the tree stay. An error: one of them is held, or
/// in a segment that is still being written; nothing has been erased then, and `withdraw` has been
/// called. Of any other error some of it may be erased, or will be.
Result<ErasedCount> erase_records(const std::filesystem::path& audit, const Erasure& erasure,
                                  std::span<const LegalHold> holds, const Withdraw& withdraw = {});

}  // namespace sluice::audit
