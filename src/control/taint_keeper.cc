#include "control/taint_keeper.h"

#include "agents/taint_store.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/state.h"

namespace sluice::control {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(500);

}  // namespace

Result<std::unique_ptr<TaintKeeper>> TaintKeeper::open(gateway::Gateway& gateway,
                                                       const config::Config& config) {
  SLUICE_ASSIGN(auto database, store::open_state(config));
  std::unique_ptr<TaintKeeper> keeper(new TaintKeeper(gateway, std::move(database)));
  SLUICE_TRY(keeper->recall());
  gateway.agents().taints.known();
  gateway.agents().taints.keep_by([self = keeper.get()](const std::string& whose, int64_t until) {
    const std::lock_guard lock(self->mutex_);
    self->fresh_.emplace_back(whose, until);
    self->changed_.notify_one();
  });
  keeper->thread_ = std::thread([self = keeper.get()] { self->work(); });
  return keeper;
}

TaintKeeper::~TaintKeeper() {
  gateway_.agents().taints.keep_by(nullptr);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

Result<> TaintKeeper::recall() {
  // The version first: what changes while it is read is read again.
  SLUICE_ASSIGN(version_, database_.data_version());
  SLUICE_ASSIGN(const auto all, agents::load_taints(database_, wall_micros()));
  for (const auto& [whose, until] : all) gateway_.agents().taints.recall(whose, until);
  return {};
}

Result<> TaintKeeper::write() {
  std::vector<std::pair<std::string, int64_t>> fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(fresh_);
  }
  for (size_t i = 0; i < fresh.size(); ++i) {
    auto kept = agents::keep_taint(database_, fresh[i].first, fresh[i].second);
    if (kept) continue;
    // Until the store is back.
    const std::lock_guard lock(mutex_);
    fresh_.insert(fresh_.begin(), fresh.begin() + static_cast<std::ptrdiff_t>(i), fresh.end());
    return kept;
  }
  return {};
}

void TaintKeeper::work() {
  bool complained = false;
  for (;;) {
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kLookEvery,
                        [&] { return stopping_ || (!fresh_.empty() && !complained); });
      stopping = stopping_;
    }
    auto done = write();
    if (done) {
      const auto version = database_.data_version();
      done = !version               ? Result<>(tl::unexpected(version.error()))
             : *version == version_ ? Result<>()
                                    : recall();
    }
    if (!done && !complained)
      log::error("what agents have read is not kept: {}", done.error().text);
    complained = !done;
    if (stopping) return;
  }
}

}  // namespace sluice::control
