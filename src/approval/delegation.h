#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "identity/directory.h"
#include "store/database.h"

namespace sluice::approval {

/// Somebody's vote in the hands of somebody else, for a while.
struct Delegation {
  int64_t number = 0;
  std::string from;  ///< whose vote it is
  std::string to;    ///< who may give it
  int64_t begin_micros = 0;
  int64_t until_micros = 0;
  int64_t created_micros = 0;
  int64_t ended_micros = 0;  ///< taken back; 0: it was not
  std::string reason = {};

  bool covers(int64_t at_micros) const {
    return at_micros >= begin_micros && at_micros < until_micros && ended_micros == 0;
  }
};

/// Longer nobody is away without being another's to replace.
inline constexpr int64_t kLongestDelegationMicros = int64_t{90} * 24 * 3600 * 1'000'000;

/// What is wrong with a new one, as `directory` has people now: only people delegate, to other
/// people, and not for long. kDenied, kInvalidInput, kNotFound.
Result<> check_delegation(const Delegation& delegation, const identity::Directory& directory,
                          int64_t now_micros);

/// The one by which `to` may give `from`'s vote at that time; null: none. Of users who had another
/// of these names before, nothing counts.
const Delegation* find_delegation(const std::vector<Delegation>& all, const std::string& from,
                                  const std::string& to, int64_t at_micros,
                                  const identity::Directory& directory);

/// Delegations as they are kept; each change with the word that it leaves for the audit log.
class DelegationStore {
 public:
  explicit DelegationStore(store::Database& database) : database_(database) {}

  /// Returns its number.
  Result<int64_t> add(const Delegation& delegation);
  /// All that end after `since_micros`, the newest first.
  Result<std::vector<Delegation>> list(int64_t since_micros);
  /// Taken back by one of its two; kNotFound, kDenied.
  Result<> end(int64_t number, const std::string& actor, int64_t now_micros);

 private:
  store::Database& database_;
};

}  // namespace sluice::approval
