#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <tl/expected.hpp>

#include "policy/budget.h"
#include "policy/policy.h"
#include "policy/principal.h"
#include "policy/run_names.h"

namespace sluice::policy {

/// For whom a statement counts.
struct Payer {
  std::string user;
  std::string human;  ///< for whom the user acts; empty: itself
  std::string run;    ///< empty: none
};

/// A budget, and for whom it counts.
struct Due {
  const Budget* budget = nullptr;
  Payer payer;
};

/// Who pays for what this principal does.
Payer payer_of(const Principal& principal, const std::string& run);

/// What one payer has used of one budget in one span of time.
struct Account;

/// What is left of a budget for one payer, for people and agents.
struct BudgetState {
  std::string budget, ask;
  Per per = Per::kAgent;
  std::string payer;
  int64_t renewed_micros = 0;  ///< 0: never, it is of a run
  Amounts used{};              ///< with what statements that run have reserved
  std::array<std::optional<uint64_t>, kAmounts> most;
};

/// A budget that has no room: what to tell.
struct Overspent {
  std::string budget, ask;
  Per per = Per::kAgent;
  std::string payer;
  Amount amount = Amount::kStatements;
  uint64_t used = 0, most = 0;
  int64_t renewed_micros = 0;
  bool counting = false;   ///< what was used before is not known yet
  bool elsewhere = false;  ///< what other gateways have used is not known
  bool crowded = false;    ///< the payer has named more runs than are remembered
};

/// What a gateway has used of one payer's budget, as gateways that share a store tell each other.
struct SharedUse {
  std::string gateway;  ///< empty: this one
  std::string budget;   ///< Budget::counted_by
  std::string payer;
  int64_t begin_micros = 0, end_micros = 0;  ///< of its span
  int64_t last_micros = 0;                   ///< when it was used last
  Amounts used{};                            ///< with what is reserved
};

/// What one statement may use, reserved until it is charged. All budgets that apply have room for
/// what it has reserved, whatever else runs; destroyed, it gives back what it did not use.
class Spending {
 public:
  ~Spending();
  Spending(const Spending&) = delete;
  Spending& operator=(const Spending&) = delete;

  /// The least that any budget had left when it began; none: no budget counts this.
  std::optional<uint64_t> left(Amount amount) const;
  /// The budget that had so little left.
  std::string tightest(Amount amount) const;
  /// Sees to it that so much is reserved, beside what has been charged. What is wrong if a budget
  /// has not enough left.
  std::optional<Overspent> need(Amount amount, uint64_t total);
  /// Counts what was used, of what was reserved or besides.
  void charge(const Amounts& used);
  /// Counts all that is reserved of this as used.
  void use(Amount amount);
  /// What it has been charged so far.
  uint64_t used(Amount amount) const { return used_[static_cast<size_t>(amount)]; }
  /// Some budget counts Amount::kSubjects.
  bool counts_subjects() const;
  /// Counts sensitive values that are about to be shown, by their digests; those that have been
  /// seen in the span before use nothing. What is wrong if a budget has no room for one of them.
  std::optional<Overspent> see(std::span<const uint64_t> digests);

 private:
  friend class Ledger;
  struct Line {
    const Budget* budget = nullptr;
    std::string payer;
    std::shared_ptr<Account> account;
    Amounts left{};  ///< when it began
  };
  Spending() = default;
  std::shared_ptr<const Policy> policy_;  ///< owns the budgets
  std::vector<Line> lines_;
  Amounts reserved_{}, used_{};
};

/// What has been used of budgets, in this gateway. Any thread; locked once for a statement, and
/// once more for a few hundred rows.
class Ledger {
 public:
  Ledger() = default;
  explicit Ledger(RunNames::Most most) : runs_(most) {}

  /// Budgets of `policy` that count this principal there, or somebody for whom it acts.
  static std::vector<const Budget*> applying(const Policy& policy, const Principal& principal,
                                             const Target& target);

  /// The same with everybody for whom each counts: all of those whom it matches.
  static std::vector<Due> due(const Policy& policy, const Principal& principal,
                              const Target& target, const std::string& run);

  /// Lets a statement begin if all budgets have room for it. `wanted`: what it needs at least of
  /// each, and is reserved. Null: there are no budgets.
  tl::expected<std::unique_ptr<Spending>, Overspent> begin(
      const std::shared_ptr<const Policy>& policy, const std::vector<Due>& dues,
      const Amounts& wanted, int64_t now_micros);

  /// Whether what was used before is known; until then nothing may begin.
  bool counted(const Budget& budget) const;
  /// True for one who is then to count: each budget is counted once.
  bool begin_counting(const Budget& budget);
  /// What was used at `when_micros`, as the record tells; `digests` of sensitive values that were
  /// shown, where it has them.
  void recall(const Budget& budget, const Payer& payer, int64_t when_micros, const Amounts& used,
              std::span<const uint64_t> digests, int64_t now_micros);
  /// It is known now; or could not be counted, and will have to be tried again.
  void end_counting(const Budget& budget, bool known);
  /// Since when a budget has to know what was used.
  static int64_t since(const Budget& budget, int64_t now_micros);

  /// From now on what other gateways use counts too. Nothing may begin while that was not learned
  /// for longer than `stale`.
  void share(Duration stale);
  /// What this gateway has used and has not told yet; it counts as told.
  std::vector<SharedUse> to_tell();
  /// What was told last has not arrived: it is all told again.
  void tell_again();
  /// What others have used by now; of accounts that are not among them it stays as it was.
  void learn(const std::vector<SharedUse>& others);

  /// What is left of the budgets of `policy`, of all payers that have used any; of one where
  /// `payer` is given.
  std::vector<BudgetState> states(const Policy& policy, int64_t now_micros,
                                  const Payer* payer = nullptr);

 private:
  enum class Counting : uint8_t { kNever, kUnderWay, kKnown };
  std::shared_ptr<Account> account(const Budget& budget, const std::string& payer, int64_t when);
  std::optional<Overspent> not_yet(const Budget& budget, const Payer& payer, int64_t now_micros);
  bool has_room(const Budget& budget, const Payer& payer, int64_t now_micros);
  bool knows_others() const;
  void tidy(int64_t now_micros, int64_t every_micros);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Account>> accounts_;
  std::unordered_map<std::string, Counting> counting_;  ///< by Budget::counted_by
  RunNames runs_;                                       ///< with an account, by budget and user
  /// Until when runs without an account are not known to have used nothing, by budget and user.
  std::unordered_map<std::string, int64_t> crowded_until_;
  int64_t tidied_micros_ = 0;
  std::optional<Duration> stale_;  ///< unset: there are no other gateways
  std::optional<Clock::time_point> learned_;
};

}  // namespace sluice::policy
