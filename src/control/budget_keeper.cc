#include "control/budget_keeper.h"

#include "agents/use_store.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/state.h"

namespace sluice::control {
namespace {

constexpr auto kEvery = std::chrono::seconds(1);
/// Long enough for a writer before us, and not for much to be spent twice.
constexpr auto kStale = std::chrono::seconds(5);
constexpr int64_t kSecond = 1'000'000;
/// What was told so long before the last look is looked at again: clocks differ, and commits take
/// their time.
constexpr int64_t kOverlap = 30 * kSecond;
constexpr int64_t kForgetEvery = 300 * kSecond;

int64_t silence_micros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(policy::kLongestRunSilence).count();
}

}  // namespace

Result<std::unique_ptr<BudgetKeeper>> BudgetKeeper::open(gateway::Gateway& gateway,
                                                         const config::Config& config) {
  if (!config.store.shared()) return nullptr;
  SLUICE_ASSIGN(auto local, store::open_local(config.state));
  SLUICE_ASSIGN(auto name, store::gateway_name(local));
  SLUICE_ASSIGN(auto database, store::open_state(config));
  std::unique_ptr<BudgetKeeper> keeper(
      new BudgetKeeper(gateway, std::move(database), std::move(name)));
  gateway.agents().ledger.share(kStale);
  SLUICE_TRY(keeper->exchange());
  keeper->thread_ = std::thread([self = keeper.get()] { self->work(); });
  return keeper;
}

BudgetKeeper::~BudgetKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

Result<> BudgetKeeper::tell() {
  std::vector<agents::UseRow> rows;
  for (const auto& use : gateway_.agents().ledger.to_tell()) {
    rows.push_back({name_, use.budget, use.payer, use.begin_micros, use.end_micros, use.last_micros,
                    policy::to_text(use.used)});
  }
  auto told = agents::tell_use(database_, rows, wall_micros());
  if (!told) gateway_.agents().ledger.tell_again();
  return told;
}

Result<> BudgetKeeper::learn() {
  const int64_t now = wall_micros();
  const int64_t since = learned_micros_ == 0 ? 0 : learned_micros_ - kOverlap;
  SLUICE_ASSIGN(const auto rows, agents::load_use(database_, name_, since, now));
  std::vector<policy::SharedUse> others;
  for (const auto& row : rows) {
    others.push_back({row.gateway, row.budget, row.payer, row.begin_micros, row.end_micros,
                      row.last_micros, policy::amounts_in(row.amounts)});
  }
  gateway_.agents().ledger.learn(others);
  learned_micros_ = now;
  return {};
}

Result<> BudgetKeeper::exchange() {
  SLUICE_TRY(tell());
  SLUICE_TRY(learn());
  const int64_t now = wall_micros();
  if (now - forgot_micros_ < kForgetEvery) return {};
  forgot_micros_ = now;
  return agents::forget_use(database_, now, now - silence_micros());
}

void BudgetKeeper::work() {
  bool complained = false;
  for (;;) {
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kEvery, [&] { return stopping_; });
      stopping = stopping_;
    }
    const auto done = exchange();
    if (!done && !complained)
      log::error("what other gateways let be used of budgets is not known: {}", done.error().text);
    if (done && complained) log::info("budgets are shared again");
    complained = !done;
    if (stopping) return;
  }
}

}  // namespace sluice::control
