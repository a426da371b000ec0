#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/erasure.h"
#include "base/result.h"

namespace sluice::audit {

/// What a crash has torn and a start has put aside (audit/torn_segment.h). It may hold words of
/// statements, and nothing tells whose: no rule and no hold can look into it.
struct TornFile {
  std::filesystem::path file;
  int64_t kept_micros = 0;  ///< when it was put aside
  uint64_t bytes = 0;
  uint64_t behind = 0;  ///< the record that it stood behind, or was the first of its segment

  /// Whether whoever erases these records means it, too.
  bool belongs_to(const Erasure& erasure) const {
    return erasure.first <= behind + 1 && erasure.last >= behind;
  }
  /// What goes on the record before it is removed, and where it is not after all.
  std::string removal(std::string_view reason) const;
  std::string withdrawal(std::string_view why) const;
};

/// All of a log folder, by name.
Result<std::vector<TornFile>> list_torn(const std::filesystem::path& directory);

/// What it takes to remove one.
struct TornRemoval {
  std::function<Result<>(const std::string& message)> tell;  ///< puts it on the record
  std::function<Result<>()> settle;    ///< waits until that is signed; empty: nobody waits
  std::function<Result<bool>()> held;  ///< whether any legal hold is in force: it may be about this
};

/// `held`, by what loads them. An error: it is not known.
std::function<Result<bool>()> any_hold(std::function<Result<std::vector<LegalHold>>()> load);

/// Tells it, and then overwrites and removes it; that has reached the disk when this returns.
/// False: it stays, for there is a hold.
Result<bool> remove_torn(const TornFile& torn, std::string_view reason, const TornRemoval& with);

/// What is said where they stay, though `erased` records are gone.
std::string torn_stays(uint64_t erased);

/// Removes all that belong to records that somebody erases by hand; of those that stay it tells
/// why.
Result<> erase_torn(const std::filesystem::path& directory, const Erasure& erasure,
                    std::string_view reason, const TornRemoval& with);

}  // namespace sluice::audit
