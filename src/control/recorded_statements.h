#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "audit/record.h"
#include "policy/recorded.h"

namespace sluice::control {

/// What replay judges of records of statements, which are handed over one after the other, the
/// oldest first.
class RecordedStatements {
 public:
  /// `today`: whom a user is now, for what records do not tell; nothing where they are unknown by
  /// now.
  using Today = std::function<std::optional<policy::Principal>(const std::string& user)>;
  explicit RecordedStatements(Today today) : today_(std::move(today)) {}

  /// Nothing: it is none that is judged.
  std::optional<policy::RecordedStatement> take(audit::Record record);

 private:
  bool within_transaction(const audit::Record& record);

  Today today_;
  std::map<std::string, policy::Principal> principals_;
  std::map<uint64_t, uint64_t> open_;  ///< transactions, by session
};

}  // namespace sluice::control
