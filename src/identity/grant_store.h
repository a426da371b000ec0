#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/directory.h"
#include "store/database.h"

namespace sluice::identity {

/// What has become of access that was asked for.
enum class GrantState : uint8_t {
  kWaiting,   ///< for people
  kActive,    ///< its groups count
  kRefused,   ///< nothing came of it
  kReturned,  ///< by its holder, before its time
  kRevoked,   ///< by somebody else, or since something has changed
  kExpired,   ///< it has had its time
  kExtended,  ///< it was an extension, and has moved the other's end
};

/// "waiting", "active", "refused", "returned", "revoked", "expired", "extended".
std::string_view name_of(GrantState state);
std::optional<GrantState> find_grant_state(std::string_view name);

/// Access for a while as it is kept, from the request to its end.
struct GrantRow {
  int64_t number = 0;  ///< 1, 2, 3, …; 0: not kept yet
  GrantState state = GrantState::kWaiting;
  std::string holder;
  int64_t holder_created_micros = 0;  ///< names are used again
  std::string person;                 ///< behind the holder
  std::string acts_for;               ///< as Grant::acts_for
  std::string role, database;
  std::vector<std::string> groups;
  int64_t lasts_micros = 0;  ///< as asked for
  int64_t request = 0;       ///< approval::Request::number; 0: nobody was asked
  int64_t extends = 0;       ///< the grant whose end it moves; 0: none
  std::string reason, ticket;
  int64_t created_micros = 0, from_micros = 0, until_micros = 0, ended_micros = 0;
  std::string ended_by, ended_why;
  int64_t last_used_micros = 0;
  bool break_glass = false;
  std::vector<std::string> review_by;  ///< groups
  int64_t review_due_micros = 0;
  int64_t reviewed_micros = 0;  ///< 0: not yet
  std::string reviewer, verdict, review_comment;
  bool overdue_told = false;

  bool to_review() const { return break_glass && reviewed_micros == 0; }
};

/// What to list of them.
struct WantedGrants {
  std::optional<GrantState> state;
  std::string holder;  ///< empty: of everybody
  size_t limit = 100;
};

/// What somebody has said to what another holds.
struct AccessDecision {
  int64_t time_micros = 0;
  std::string decision;  ///< "keep", "revoke"
  std::string holder;
  std::string what;  ///< "group", "credential", "grant"
  std::string name;
  std::string author, comment;
};

/// Grants as they are kept. Each change is one transaction with the word that it leaves for the
/// audit log. Times come from the caller, and every change but `used` says what state it starts
/// from: of two who change the same, one does.
class GrantStore {
 public:
  explicit GrantStore(store::Database& database) : database_(database) {}

  /// Keeps a new one, also one that is active at once; returns its number. `word`: for the record,
  /// behind "grant N: ".
  Result<int64_t> add(const GrantRow& grant, const std::string& actor, const std::string& word);
  /// kNotFound.
  Result<GrantRow> find(int64_t number);
  /// The newest first, those that wait for a review before all others.
  Result<std::vector<GrantRow>> list(const WantedGrants& wanted);
  /// Those that wait, those in force, and those to be reviewed.
  Result<std::vector<GrantRow>> open();

  /// From waiting to active, from `from_micros` on; false if it did not wait any more.
  Result<bool> begin(const GrantRow& grant, int64_t from_micros, int64_t until_micros);
  /// From waiting to extended, and the end of the active one that it extends from `before_micros`
  /// to `until_micros`; false if either is not as it was.
  Result<bool> extend(const GrantRow& extension, int64_t before_micros, int64_t until_micros,
                      int64_t now_micros);
  /// To its end; false if it was not `grant.state` any more.
  Result<bool> end(const GrantRow& grant, GrantState to, int64_t micros, const std::string& actor,
                   const std::string& why);
  /// Fewer groups than it had.
  Result<bool> narrow(const GrantRow& grant, const std::vector<std::string>& groups);
  Result<bool> review(const GrantRow& grant, int64_t micros, const std::string& reviewer,
                      bool concern, const std::string& comment);
  /// Its review is late, and that has been put on the record.
  Result<bool> tell_overdue(const GrantRow& grant);
  /// When they were last used, by number; nothing for the record, the statements are on it.
  Result<> used(const std::vector<std::pair<std::string, int64_t>>& when);

  Result<> decide(const AccessDecision& decision);
  /// All of them, the oldest first.
  Result<std::vector<AccessDecision>> decisions();

 private:
  Result<std::vector<GrantRow>> all_of(store::Statement& query);
  Result<bool> changed(store::Statement& update, const GrantRow& grant, const std::string& actor,
                       const std::string& word);
  store::Database& database_;
};

/// Those that are in force at `now_micros`, of users who are still the same.
Result<std::vector<Grant>> load_grants(store::Database& database, int64_t now_micros);

}  // namespace sluice::identity
