#include "policy/ledger.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include <fmt/format.h>

#include "policy/chain.h"
#include "policy/match.h"

namespace sluice::policy {

struct Account {
  std::mutex mutex;
  Amounts used{}, reserved{};
  Amounts elsewhere{};                    ///< at all other gateways
  std::map<std::string, Amounts> others;  ///< at each of them
  std::optional<Amounts> told;            ///< to them
  std::unordered_set<uint64_t> subjects;  ///< digests; as far as they are known, `used` has them
  std::string counted_by, payer;
  int64_t begin_micros = 0, end_micros = 0;  ///< of its span; a run's ends with its silence
  int64_t last_micros = 0;
  std::string namer;  ///< of a run's: budget and user; else empty

  /// Nothing is known of it that another would not know.
  bool is_empty() const {
    return used == Amounts{} && reserved == Amounts{} && elsewhere == Amounts{} && !told;
  }
  /// All that counts of one amount.
  uint64_t total(size_t at) const { return used[at] + reserved[at] + elsewhere[at]; }
};

namespace {

/// What is reserved at once, so that not every row takes a lock.
constexpr Amounts kChunk = {1, 256, uint64_t{256} << 10, 1, 16, 1, 0, 0, 0, 0};
constexpr int64_t kTidyEvery = 60'000'000, kTidyEveryWhenFull = 5'000'000;
constexpr std::string_view kRun = " run ";

int64_t micros(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

int64_t begin_of(const Budget& budget, int64_t when) {
  const int64_t span = micros(budget.every);
  return span == 0 ? 0 : when / span * span;
}

std::string payer_name(const Budget& budget, const Payer& payer) {
  switch (budget.per) {
    case Per::kAgent:
      return payer.user;
    case Per::kRun:
      return payer.user + std::string(kRun) + payer.run;
    case Per::kHuman:
      break;
  }
  return payer.human.empty() ? payer.user : payer.human;
}

std::string key_of(const std::string& counted_by, const std::string& payer, int64_t begin) {
  return fmt::format("{}\n{}\n{}", counted_by, payer, begin);
}

/// Who has chosen the name of a run, for one budget: names of runs have no blanks. Empty: it is of
/// no run.
std::string namer_of(const std::string& counted_by, const std::string& payer) {
  const size_t at = payer.rfind(kRun);
  return at == std::string::npos ? std::string() : counted_by + "\n" + payer.substr(0, at);
}

uint64_t minus(uint64_t most, uint64_t used) { return most > used ? most - used : 0; }

Overspent overspent(const Budget& budget, const std::string& payer, Amount amount, uint64_t used,
                    const Account& account) {
  return {budget.name,
          budget.ask,
          budget.per,
          payer,
          amount,
          used,
          *budget.most[static_cast<size_t>(amount)],
          account.end_micros,
          false,
          false,
          false};
}

}  // namespace

Payer payer_of(const Principal& principal, const std::string& run) {
  return {principal.user, principal.actors.empty() ? std::string() : principal.actors.back(), run};
}

Spending::~Spending() {
  for (auto& line : lines_) {
    const std::lock_guard lock(line.account->mutex);
    for (size_t i = 0; i < kAmounts; ++i)
      line.account->reserved[i] = minus(line.account->reserved[i], reserved_[i]);
  }
}

std::optional<uint64_t> Spending::left(Amount amount) const {
  std::optional<uint64_t> least;
  for (const auto& line : lines_) {
    if (!line.budget->counts(amount)) continue;
    const uint64_t left = line.left[static_cast<size_t>(amount)];
    least = least ? std::min(*least, left) : left;
  }
  return least;
}

std::string Spending::tightest(Amount amount) const {
  const auto least = left(amount);
  for (const auto& line : lines_) {
    if (line.budget->counts(amount) && line.left[static_cast<size_t>(amount)] == *least)
      return line.budget->name;
  }
  return {};
}

std::optional<Overspent> Spending::need(Amount amount, uint64_t total) {
  const auto at = static_cast<size_t>(amount);
  if (total <= reserved_[at]) return std::nullopt;
  // A chunk if there is room for it, else what is needed and no more.
  for (const uint64_t wanted : {total - reserved_[at] + kChunk[at], total - reserved_[at]}) {
    std::optional<Overspent> over;
    size_t done = 0;
    for (; done < lines_.size() && !over; ++done) {
      auto& line = lines_[done];
      const std::lock_guard lock(line.account->mutex);
      auto& account = *line.account;
      if (line.budget->counts(amount) && account.total(at) + wanted > *line.budget->most[at]) {
        over = overspent(*line.budget, line.payer, amount, account.total(at), account);
        break;
      }
      account.reserved[at] += wanted;
    }
    if (!over) {
      reserved_[at] += wanted;
      return std::nullopt;
    }
    for (size_t i = 0; i < done; ++i) {
      const std::lock_guard lock(lines_[i].account->mutex);
      lines_[i].account->reserved[at] = minus(lines_[i].account->reserved[at], wanted);
    }
    if (wanted == total - reserved_[at]) return over;
  }
  return std::nullopt;
}

void Spending::charge(const Amounts& used) {
  for (auto& line : lines_) {
    const std::lock_guard lock(line.account->mutex);
    for (size_t i = 0; i < kAmounts; ++i) {
      line.account->used[i] += used[i];
      line.account->reserved[i] = minus(line.account->reserved[i], std::min(used[i], reserved_[i]));
    }
  }
  for (size_t i = 0; i < kAmounts; ++i) {
    used_[i] += used[i];
    reserved_[i] -= std::min(used[i], reserved_[i]);
  }
}

void Spending::use(Amount amount) {
  Amounts used{};
  used[static_cast<size_t>(amount)] = reserved_[static_cast<size_t>(amount)];
  charge(used);
}

bool Spending::counts_subjects() const {
  return std::any_of(lines_.begin(), lines_.end(),
                     [](const Line& line) { return line.budget->counts(Amount::kSubjects); });
}

std::optional<Overspent> Spending::see(std::span<const uint64_t> digests) {
  constexpr auto kAt = static_cast<size_t>(Amount::kSubjects);
  for (auto& line : lines_) {
    if (!line.budget->counts(Amount::kSubjects)) continue;
    const uint64_t most = *line.budget->most[kAt];
    auto& account = *line.account;
    const std::lock_guard lock(account.mutex);
    for (const uint64_t digest : digests) {
      if (account.subjects.contains(digest)) continue;
      if (account.total(kAt) >= most)
        return overspent(*line.budget, line.payer, Amount::kSubjects, account.total(kAt), account);
      account.subjects.insert(digest);
      ++account.used[kAt];
    }
  }
  return std::nullopt;
}

std::vector<const Budget*> Ledger::applying(const Policy& policy, const Principal& principal,
                                            const Target& target) {
  std::vector<const Budget*> out;
  if (policy.budgets().empty()) return out;
  const auto all = everyone(principal);
  for (const Budget& budget : policy.budgets()) {
    if (std::any_of(all.begin(), all.end(), [&](const Principal& each) {
          return matches_session(budget.about, each, target, nullptr);
        }))
      out.push_back(&budget);
  }
  return out;
}

std::vector<Due> Ledger::due(const Policy& policy, const Principal& principal, const Target& target,
                             const std::string& run) {
  std::vector<Due> out;
  if (policy.budgets().empty()) return out;
  const auto all = everyone(principal);
  for (const Budget& budget : policy.budgets()) {
    const size_t first = out.size();
    for (const Principal& each : all) {
      if (!matches_session(budget.about, each, target, nullptr)) continue;
      // A run is of who connects, whoever else it counts for.
      Payer payer = payer_of(budget.per == Per::kRun ? all.front() : each, run);
      const auto same = [&](const Due& due) {
        return payer_name(budget, due.payer) == payer_name(budget, payer);
      };
      if (std::none_of(out.begin() + static_cast<ptrdiff_t>(first), out.end(), same))
        out.push_back({&budget, std::move(payer)});
    }
  }
  return out;
}

int64_t Ledger::since(const Budget& budget, int64_t now_micros) {
  return budget.every.count() == 0 ? now_micros - micros(kLongestRunSilence)
                                   : begin_of(budget, now_micros);
}

/// With the lock held.
std::shared_ptr<Account> Ledger::account(const Budget& budget, const std::string& payer,
                                         int64_t when) {
  auto& known = accounts_[key_of(budget.counted_by, payer, begin_of(budget, when))];
  if (!known) {
    known = std::make_shared<Account>();
    known->counted_by = budget.counted_by;
    known->payer = payer;
    known->begin_micros = begin_of(budget, when);
    known->end_micros = budget.every.count() == 0 ? 0 : known->begin_micros + micros(budget.every);
    known->namer = namer_of(budget.counted_by, payer);
    if (!known->namer.empty()) runs_.add(known->namer);
  }
  known->last_micros = std::max(known->last_micros, when);
  return known;
}

/// Whether it has an account, or may have one more. With the lock held.
bool Ledger::has_room(const Budget& budget, const Payer& payer, int64_t now_micros) {
  const std::string name = payer_name(budget, payer);
  const std::string namer = namer_of(budget.counted_by, name);
  if (namer.empty() ||
      accounts_.contains(key_of(budget.counted_by, name, begin_of(budget, now_micros))))
    return true;
  const auto full = [&] { return crowded_until_.contains(namer) || !runs_.room(namer); };
  if (!full()) return true;
  tidy(now_micros, kTidyEveryWhenFull);
  return !full();
}

/// Why nothing that this budget counts may begin. With the lock held.
std::optional<Overspent> Ledger::not_yet(const Budget& budget, const Payer& payer,
                                         int64_t now_micros) {
  const auto known = counting_.find(budget.counted_by);
  const bool counting = known == counting_.end() || known->second != Counting::kKnown;
  const bool elsewhere = !counting && !knows_others();
  if (!counting && !elsewhere && has_room(budget, payer, now_micros)) return std::nullopt;
  return Overspent{
      budget.name, budget.ask, budget.per, payer_name(budget, payer), Amount::kStatements, 0, 0,
      0,           counting,   elsewhere,  !counting && !elsewhere};
}

tl::expected<std::unique_ptr<Spending>, Overspent> Ledger::begin(
    const std::shared_ptr<const Policy>& policy, const std::vector<Due>& dues,
    const Amounts& wanted, int64_t now_micros) {
  if (dues.empty()) return nullptr;
  std::unique_ptr<Spending> spending(new Spending());
  spending->policy_ = policy;
  {
    const std::lock_guard lock(mutex_);
    tidy(now_micros, kTidyEvery);
    for (const auto& [budget, payer] : dues) {
      if (auto over = not_yet(*budget, payer, now_micros)) return tl::unexpected(std::move(*over));
      const std::string name = payer_name(*budget, payer);
      spending->lines_.push_back({budget, name, account(*budget, name, now_micros), {}});
    }
  }
  for (auto& line : spending->lines_) {
    const std::lock_guard lock(line.account->mutex);
    for (size_t i = 0; i < kAmounts; ++i) {
      if (line.budget->most[i]) {
        line.left[i] = minus(*line.budget->most[i], line.account->total(i));
      }
    }
  }
  for (size_t i = 0; i < kAmounts; ++i) {
    if (wanted[i] == 0) continue;
    if (auto over = spending->need(static_cast<Amount>(i), wanted[i]))
      return tl::unexpected(std::move(*over));
  }
  return spending;
}

bool Ledger::counted(const Budget& budget) const {
  const std::lock_guard lock(mutex_);
  const auto known = counting_.find(budget.counted_by);
  return known != counting_.end() && known->second == Counting::kKnown;
}

bool Ledger::begin_counting(const Budget& budget) {
  const std::lock_guard lock(mutex_);
  auto& state = counting_[budget.counted_by];
  if (state != Counting::kNever) return false;
  state = Counting::kUnderWay;
  return true;
}

void Ledger::recall(const Budget& budget, const Payer& payer, int64_t when_micros,
                    const Amounts& used, std::span<const uint64_t> digests, int64_t now_micros) {
  if (when_micros < since(budget, now_micros)) return;
  std::shared_ptr<Account> found;
  {
    const std::lock_guard lock(mutex_);
    const std::string name = payer_name(budget, payer);
    const std::string namer = namer_of(budget.counted_by, name);
    const int64_t begun = begin_of(budget, when_micros);
    // A log can name more runs than are remembered: those that are not must not begin anew.
    if (!namer.empty() && !runs_.room(namer) &&
        !accounts_.contains(key_of(budget.counted_by, name, begun))) {
      const int64_t span = micros(budget.every);
      auto& until = crowded_until_[namer];
      until = std::max(until, span == 0 ? when_micros + micros(kLongestRunSilence) : begun + span);
      return;
    }
    found = account(budget, name, when_micros);
  }
  const std::lock_guard lock(found->mutex);
  for (size_t i = 0; i < kAmounts; ++i) found->used[i] += used[i];
  if (!budget.counts(Amount::kSubjects)) return;
  for (const uint64_t digest : digests) {
    if (found->subjects.insert(digest).second)
      ++found->used[static_cast<size_t>(Amount::kSubjects)];
  }
}

void Ledger::end_counting(const Budget& budget, bool known) {
  const std::lock_guard lock(mutex_);
  counting_[budget.counted_by] = known ? Counting::kKnown : Counting::kNever;
  if (known) return;
  for (const auto& [key, account] : accounts_) {
    if (account->counted_by != budget.counted_by) continue;
    const std::lock_guard one(account->mutex);
    account->used = {};
    account->subjects.clear();
  }
}

void Ledger::share(Duration stale) {
  const std::lock_guard lock(mutex_);
  stale_ = stale;
}

/// With the lock held.
bool Ledger::knows_others() const {
  return !stale_ || (learned_ && Clock::now() - *learned_ <= *stale_);
}

std::vector<SharedUse> Ledger::to_tell() {
  std::vector<SharedUse> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, account] : accounts_) {
    const auto known = counting_.find(account->counted_by);
    // What is not known yet must not take back what was told before a restart.
    if (known == counting_.end() || known->second != Counting::kKnown) continue;
    const std::lock_guard one(account->mutex);
    Amounts now = account->used;
    for (size_t i = 0; i < kAmounts; ++i) now[i] += account->reserved[i];
    if (account->told == now || (!account->told && now == Amounts{})) continue;
    account->told = now;
    out.push_back({{},
                   account->counted_by,
                   account->payer,
                   account->begin_micros,
                   account->end_micros,
                   account->last_micros,
                   now});
  }
  return out;
}

void Ledger::tell_again() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, account] : accounts_) {
    const std::lock_guard one(account->mutex);
    if (account->told) account->told = Amounts{~uint64_t{0}};
  }
}

void Ledger::learn(const std::vector<SharedUse>& others) {
  const std::lock_guard lock(mutex_);
  for (const auto& use : others) {
    auto& account = accounts_[key_of(use.budget, use.payer, use.begin_micros)];
    if (!account) {
      account = std::make_shared<Account>();
      account->counted_by = use.budget;
      account->payer = use.payer;
      account->begin_micros = use.begin_micros;
      account->end_micros = use.end_micros;
      account->namer = namer_of(use.budget, use.payer);
      if (!account->namer.empty()) runs_.add(account->namer);
    }
    account->last_micros = std::max(account->last_micros, use.last_micros);
    const std::lock_guard one(account->mutex);
    account->others[use.gateway] = use.used;
    account->elsewhere = {};
    for (const auto& [gateway, used] : account->others) {
      for (size_t i = 0; i < kAmounts; ++i) account->elsewhere[i] += used[i];
    }
  }
  learned_ = Clock::now();
}

/// Spans that are over are forgotten, runs that have fallen silent, and what has used nothing. With
/// the lock held.
void Ledger::tidy(int64_t now_micros, int64_t every_micros) {
  if (now_micros - tidied_micros_ < every_micros) return;
  tidied_micros_ = now_micros;
  std::erase_if(accounts_, [&](const auto& each) {
    Account& one = *each.second;
    if (one.end_micros != 0 ? one.end_micros < now_micros
                            : one.last_micros < now_micros - micros(kLongestRunSilence))
      return true;
    if (each.second.use_count() > 1) return false;  // Somebody spends.
    const std::lock_guard lock(one.mutex);
    return one.is_empty();
  });
  std::erase_if(crowded_until_, [&](const auto& each) { return each.second < now_micros; });
  runs_.clear();
  for (const auto& [key, account] : accounts_) {
    if (!account->namer.empty()) runs_.add(account->namer);
  }
}

std::vector<BudgetState> Ledger::states(const Policy& policy, int64_t now_micros,
                                        const Payer* payer) {
  std::vector<BudgetState> out;
  const std::lock_guard lock(mutex_);
  for (const Budget& budget : policy.budgets()) {
    for (const auto& [key, account] : accounts_) {
      if (account->counted_by != budget.counted_by ||
          account->begin_micros != begin_of(budget, now_micros) ||
          (payer != nullptr && account->payer != payer_name(budget, *payer)))
        continue;
      const std::lock_guard one(account->mutex);
      BudgetState state{budget.name,         budget.ask,    budget.per, account->payer,
                        account->end_micros, account->used, budget.most};
      for (size_t i = 0; i < kAmounts; ++i) state.used[i] = account->total(i);
      out.push_back(std::move(state));
    }
  }
  std::sort(out.begin(), out.end(), [](const BudgetState& a, const BudgetState& b) {
    return std::tie(a.budget, a.payer) < std::tie(b.budget, b.payer);
  });
  return out;
}

}  // namespace sluice::policy
