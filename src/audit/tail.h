#pragma once

#include <filesystem>
#include <functional>

#include "audit/follower.h"
#include "audit/query.h"
#include "audit/record.h"

namespace sluice::audit {

/// Follows a log from its end on.
class Tail {
 public:
  /// `audit_directory` is `<state>/audit`.
  /// `after`: a number that was told before; what came since then is told too. 0: nothing is.
  static Result<Tail> open(const std::filesystem::path& audit_directory, Query query,
                           uint64_t after = 0);

  /// Calls `each` for what has been written since last time and is wanted, in the order in which it
  /// was found, until it returns false. Returns how many there were.
  Result<size_t> poll(const std::function<bool(const Record&)>& each);

  /// Whether the last time did not get to the end: there may be more, older than what it told.
  bool behind() const { return follower_.behind(); }

 private:
  Tail(LogFollower follower, Query query)
      : follower_(std::move(follower)), query_(std::move(query)) {}
  LogFollower follower_;
  Query query_;
};

}  // namespace sluice::audit
