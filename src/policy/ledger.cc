#include "policy/ledger.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/match.h"

namespace sluice::policy {

struct Account {
  std::mutex mutex;
  Amounts used{}, reserved{};
  std::string counted_by, payer;
  int64_t begin_micros = 0, end_micros = 0;  ///< of its span; a run's ends with its silence
  int64_t last_micros = 0;
};

namespace {

/// What is reserved at once, so that not every row takes a lock.
constexpr Amounts kChunk = {1, 256, uint64_t{256} << 10, 1, 16, 1};
constexpr int64_t kTidyEvery = 60'000'000;

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
      return payer.user + " run " + payer.run;
    case Per::kHuman:
      break;
  }
  return payer.human.empty() ? payer.user : payer.human;
}

std::string key_of(const Budget& budget, const std::string& payer, int64_t when) {
  return fmt::format("{}\n{}\n{}", budget.counted_by, payer, begin_of(budget, when));
}

uint64_t minus(uint64_t most, uint64_t used) { return most > used ? most - used : 0; }

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
      if (line.budget->counts(amount) &&
          account.used[at] + account.reserved[at] + wanted > *line.budget->most[at]) {
        over = Overspent{line.budget->name,
                         line.budget->ask,
                         line.budget->per,
                         line.payer,
                         amount,
                         account.used[at] + account.reserved[at],
                         *line.budget->most[at],
                         account.end_micros,
                         false};
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
  for (size_t i = 0; i < kAmounts; ++i) reserved_[i] -= std::min(used[i], reserved_[i]);
}

std::vector<const Budget*> Ledger::applying(const Policy& policy, const Principal& principal,
                                            const Target& target) {
  std::vector<const Budget*> out;
  for (const Budget& budget : policy.budgets()) {
    if (matches_session(budget.about, principal, target, nullptr)) out.push_back(&budget);
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
  auto& known = accounts_[key_of(budget, payer, when)];
  if (!known) {
    known = std::make_shared<Account>();
    known->counted_by = budget.counted_by;
    known->payer = payer;
    known->begin_micros = begin_of(budget, when);
    known->end_micros = budget.every.count() == 0 ? 0 : known->begin_micros + micros(budget.every);
  }
  known->last_micros = std::max(known->last_micros, when);
  return known;
}

tl::expected<std::unique_ptr<Spending>, Overspent> Ledger::begin(
    const std::shared_ptr<const Policy>& policy, const std::vector<const Budget*>& budgets,
    const Payer& payer, const Amounts& wanted, int64_t now_micros) {
  if (budgets.empty()) return nullptr;
  std::unique_ptr<Spending> spending(new Spending());
  spending->policy_ = policy;
  {
    const std::lock_guard lock(mutex_);
    tidy(now_micros);
    for (const Budget* budget : budgets) {
      const auto known = counting_.find(budget->counted_by);
      if (known == counting_.end() || known->second != Counting::kKnown) {
        return tl::unexpected(Overspent{budget->name, budget->ask, budget->per,
                                        payer_name(*budget, payer), Amount::kStatements, 0, 0, 0,
                                        true});
      }
      const std::string name = payer_name(*budget, payer);
      spending->lines_.push_back({budget, name, account(*budget, name, now_micros), {}});
    }
  }
  for (auto& line : spending->lines_) {
    const std::lock_guard lock(line.account->mutex);
    for (size_t i = 0; i < kAmounts; ++i) {
      if (line.budget->most[i]) {
        line.left[i] =
            minus(*line.budget->most[i], line.account->used[i] + line.account->reserved[i]);
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
                    const Amounts& used, int64_t now_micros) {
  if (when_micros < since(budget, now_micros)) return;
  std::shared_ptr<Account> found;
  {
    const std::lock_guard lock(mutex_);
    found = account(budget, payer_name(budget, payer), when_micros);
  }
  const std::lock_guard lock(found->mutex);
  for (size_t i = 0; i < kAmounts; ++i) found->used[i] += used[i];
}

void Ledger::end_counting(const Budget& budget, bool known) {
  const std::lock_guard lock(mutex_);
  counting_[budget.counted_by] = known ? Counting::kKnown : Counting::kNever;
  if (known) return;
  std::erase_if(accounts_,
                [&](const auto& each) { return each.second->counted_by == budget.counted_by; });
}

/// Spans that are over are forgotten, and runs that have fallen silent. With the lock held.
void Ledger::tidy(int64_t now_micros) {
  if (now_micros - tidied_micros_ < kTidyEvery) return;
  tidied_micros_ = now_micros;
  std::erase_if(accounts_, [&](const auto& each) {
    const Account& one = *each.second;
    return one.end_micros != 0 ? one.end_micros < now_micros
                               : one.last_micros < now_micros - micros(kLongestRunSilence);
  });
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
      for (size_t i = 0; i < kAmounts; ++i) state.used[i] += account->reserved[i];
      out.push_back(std::move(state));
    }
  }
  std::sort(out.begin(), out.end(), [](const BudgetState& a, const BudgetState& b) {
    return std::tie(a.budget, a.payer) < std::tie(b.budget, b.payer);
  });
  return out;
}

}  // namespace sluice::policy
