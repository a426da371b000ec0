#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "approval/desk.h"
#include "base/onward_clock.h"
#include "identity/directory.h"
#include "identity/grant_store.h"
#include "policy/role.h"
#include "store/database.h"

namespace sluice::access {

using identity::GrantRow;
using identity::GrantState;

/// What is in force at the moment.
struct Surroundings {
  std::shared_ptr<const identity::Directory> directory;
  std::shared_ptr<const policy::Policy> policy;
  std::map<std::string, std::string> environments;  ///< by the name of the database
  /// Other gateways change it too: users, roles and grants are looked at as of one version of it.
  bool shared_store = false;
};

/// Somebody who has proved who they are, and wants access.
struct Asker {
  /// With the groups that are theirs for good: no grant helps to another.
  policy::Principal principal;
  std::vector<std::string> databases;  ///< where what they have shown is good; empty: everywhere
  std::string client_address;
};

/// What they want.
struct Wish {
  std::string role, database;
  Duration lasts{};
  std::string reason, ticket;
};

/// What is going on, for /metrics.
struct Summary {
  uint64_t active = 0, waiting = 0;
  uint64_t break_glass_active = 0, to_review = 0, overdue = 0;
};

/// One line of an access review: something that somebody holds.
struct Holding {
  std::string user, kind;
  bool disabled = false;
  std::string what;      ///< "user", "group", "role", "grant", "credential"
  std::string name;      ///< of the group or role; number or id of the others
  std::string database;  ///< where; empty: everywhere
  int64_t since_micros = 0, until_micros = 0, last_used_micros = 0;  ///< 0: not known, none, never
  std::string detail;
  std::string decided;  ///< what a review said last: "keep by sam at …"
};

/// Access in time: asked for, taken, extended, ended and reviewed. What the policy says counts as
/// it is at each step. May be called from any thread but the workers', as it may wait for the disk.
class Keeper {
 public:
  /// `database` must be nobody else's; `surroundings` may be asked from any thread. `wall` tells
  /// the time.
  static Result<std::unique_ptr<Keeper>> open(store::Database database, approval::Desk& desk,
                                              std::function<Surroundings()> surroundings,
                                              std::function<int64_t()> wall = wall_micros);

  /// Asks for a role; it is in force once it is approved. What is asked for already is not asked
  /// for twice. kDenied says what is in the way.
  Result<GrantRow> ask(const Asker& asker, const Wish& wish);
  /// Takes a role without asking. kDenied for whoever may not, and while an earlier time is not
  /// reviewed.
  Result<GrantRow> break_glass(const Asker& asker, const Wish& wish);
  /// Asks for a later end of a grant of theirs; `wish.role` and `database` are the grant's.
  Result<GrantRow> extend(const Asker& asker, int64_t number, Wish wish);
  /// Ends a grant of theirs, or what they have asked for.
  Result<GrantRow> give_back(const std::string& user, int64_t number, const std::string& why);
  /// Ends somebody else's: for those who decide on its role or review, and, with `user` empty, for
  /// whoever keeps the state folder; `actor` goes on the record.
  Result<GrantRow> revoke(const std::string& user, const std::string& actor, int64_t number,
                          const std::string& why);
  /// Looks at a glass that was broken, once it is over.
  Result<GrantRow> review(const std::string& user, int64_t number, bool concern,
                          const std::string& comment);

  Result<GrantRow> find(int64_t number);
  Result<std::vector<GrantRow>> list(const identity::WantedGrants& wanted);
  /// Whether somebody may see a grant: their own, or one that they decide on or review.
  bool may_see(const std::string& user, const GrantRow& grant);
  bool is_access_reviewer(const std::string& user);

  /// Who holds what, by user; of one, or of all.
  Result<std::vector<Holding>> holdings(const std::string& user = {});
  /// Records what a reviewer says to it, and ends what is to be revoked.
  Result<> decide(const identity::AccessDecision& decision);

  /// Takes what has been approved and ends what is over; every quarter of a second.
  Result<> look();
  Summary summary();
  /// By a clock that never goes back.
  int64_t now() { return clock_.now(); }

 private:
  Keeper(store::Database database, approval::Desk& desk, std::function<Surroundings()> surroundings,
         std::function<int64_t()> wall)
      : desk_(desk),
        surroundings_(std::move(surroundings)),
        clock_(std::move(wall)),
        database_(std::move(database)) {}

  // All of these with the lock held.
  Result<const policy::Role*> role_for(const Surroundings& around, const Asker& asker,
                                       const Wish& wish, bool break_glass);
  Result<GrantRow> grant_of(const Surroundings& around, const Asker& asker, const Wish& wish,
                            const policy::Role& role) const;
  Result<GrantRow> ask_for(const Surroundings& around, const Asker& asker, const Wish& wish,
                           const policy::Role& role, GrantRow grant);
  Result<> nothing_to_review(const Surroundings& around, const Asker& asker, const GrantRow& grant);
  Result<> settle(const Surroundings& around, const GrantRow& grant);
  Result<> begin(const Surroundings& around, const GrantRow& grant, int64_t from_micros);
  Result<> begin_extension(const policy::Role& role, const GrantRow& extension,
                           int64_t from_micros);
  Result<> watch(const Surroundings& around, const GrantRow& grant);
  Result<> end(const GrantRow& grant, GrantState to, const std::string& actor,
               const std::string& why);
  Result<GrantRow> ended(int64_t number, const std::function<Result<bool>(const GrantRow&)>& step);
  Result<> decide_group(const identity::AccessDecision& decision, const identity::User& holder);
  Result<> decide_credential(const identity::AccessDecision& decision);
  Result<> decide_grant(const identity::AccessDecision& decision);

  approval::Desk& desk_;
  std::function<Surroundings()> surroundings_;
  OnwardClock clock_;  ///< never earlier than what any desk has seen
  std::mutex mutex_;   ///< guards all below
  store::Database database_;
  identity::GrantStore grants_{database_};
  Summary summary_;
};

/// What exactly is approved: an approval of it lets nothing else begin.
approval::Subject subject_of(const GrantRow& grant, const std::string& policy_version);

/// "1h30m", "20s".
std::string duration_text(int64_t micros);

}  // namespace sluice::access
