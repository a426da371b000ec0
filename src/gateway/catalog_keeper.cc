#include "gateway/catalog_keeper.h"

#include <algorithm>
#include <iterator>

namespace sluice::gateway {

namespace {

/// Somebody who creates and drops without end may spoil a few reads in a row, hardly this many.
constexpr int kMostVanished = 20;

/// Misspelt names do not make the server look all the time.
constexpr auto kBetweenDoubts = std::chrono::seconds(1);

}  // namespace

std::shared_ptr<const catalog::Catalog> CatalogKeeper::current() const {
  const std::lock_guard lock(mutex_);
  return read_ == wanted_ ? catalog_ : nullptr;
}

std::shared_ptr<const catalog::Catalog> CatalogKeeper::latest() const {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

void CatalogKeeper::when_current(Waiting waiting) {
  std::shared_ptr<const catalog::Catalog> known;
  {
    const std::lock_guard lock(mutex_);
    if (read_ == wanted_ && catalog_) {
      known = catalog_;
    } else {
      waiting_.push_back(std::move(waiting));
    }
  }
  if (known) {
    waiting(std::move(known));
  } else {
    read();
  }
}

void CatalogKeeper::change_started() {
  const std::lock_guard lock(mutex_);
  ++changing_;
  ++changes_;
}

void CatalogKeeper::change_ended(bool committed,
                                 std::function<bool(const catalog::Change&)> explains) {
  const std::lock_guard lock(mutex_);
  --changing_;
  ++changes_;
  if (!committed) return;
  ++wanted_;
  explanations_.push_back(std::move(explains));
  version_.fetch_add(1, std::memory_order_acq_rel);
}

void CatalogKeeper::read() {
  uint64_t asked = 0;
  bool whole = false;
  {
    const std::lock_guard lock(mutex_);
    if (reading_ || (read_ == wanted_ && catalog_)) return;
    reading_ = true;
    asked = wanted_;
    whole = !catalog_;
  }
  ask_(catalog::load_query(whole),
       [this, asked](auto answer) { read_finished(asked, std::move(answer)); });
}

void CatalogKeeper::read_finished(uint64_t asked, Result<std::vector<catalog::Rows>> answer) {
  if (!answer) {
    publish(asked, fail(std::move(answer.error())));
    return;
  }
  elsewhere_([this, asked, rows = std::move(*answer)]() mutable {
    const auto base = latest();
    publish(asked, catalog::build(std::move(rows), base.get()));
  });
}

void CatalogKeeper::publish(uint64_t asked, Known built) {
  std::vector<Waiting> waiting;
  std::vector<catalog::Change> unexplained;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    const bool vanished = !built && built.error().code == ErrorCode::kNotFound;
    vanished_ = vanished ? vanished_ + 1 : 0;
    again = built ? asked != wanted_ : vanished && vanished_ % kMostVanished != 0;
    if (built) {
      // What could not be read whole is read again soon, and tells nothing of what has changed.
      if (complete_ && (*built)->complete()) {
        for (auto& change : catalog::diff(*complete_, **built)) {
          const bool explained =
              changing_ > 0 || std::any_of(explanations_.begin(), explanations_.end(),
                                           [&](const auto& explains) { return explains(change); });
          const bool ours = change.schema.starts_with(catalog::kKeptPrefix) ||
                            change.name.starts_with(catalog::kKeptPrefix);
          if (!explained && !ours) unexplained.push_back(std::move(change));
        }
      }
      catalog_ = *built;
      if (catalog_->complete()) complete_ = catalog_;
      read_ = asked;
      version_.fetch_add(1, std::memory_order_acq_rel);
      if (!again) explanations_.clear();
    }
    if (!again) waiting.swap(waiting_);
  }
  if (!unexplained.empty()) drift_(unexplained);
  if (built && news_) news_(*built);
  for (const auto& tell : waiting) tell(built);
  if (again) read();
}

void CatalogKeeper::look() {
  uint64_t changes = 0;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    if (!catalog_ || reading_ || looking_ || changing_ > 0) return;
    if (read_ != wanted_) {
      // Nobody has asked since a change that passed through: drift would not be seen until then.
      again = true;
    } else if (catalog_->complete()) {
      looking_ = true;
      changes = changes_;
    } else {
      again = true;
      ++wanted_;
      version_.fetch_add(1, std::memory_order_acq_rel);
    }
  }
  if (again) {
    read();
    return;
  }
  ask_(catalog::fingerprint_query(),
       [this, changes](auto answer) { looked(changes, std::move(answer)); });
}

bool CatalogKeeper::doubt(Waiting waiting, Clock::time_point now) {
  uint64_t changes = 0;
  {
    const std::lock_guard lock(mutex_);
    const bool idle = catalog_ && catalog_->complete() && !reading_ && !looking_ &&
                      changing_ == 0 && read_ == wanted_;
    if (!idle || now - doubted_ < kBetweenDoubts) return false;
    doubted_ = now;
    looking_ = true;
    changes = changes_;
    doubting_.push_back(std::move(waiting));
  }
  ask_(catalog::fingerprint_query(),
       [this, changes](auto answer) { looked(changes, std::move(answer)); });
  return true;
}

void CatalogKeeper::looked(uint64_t changes, Result<std::vector<catalog::Rows>> answer) {
  std::vector<Waiting> doubting;
  std::shared_ptr<const catalog::Catalog> same;
  {
    const std::lock_guard lock(mutex_);
    looking_ = false;
    doubting.swap(doubting_);
    const bool readable = answer && answer->size() == 1 && answer->front().size() == 1 &&
                          answer->front().front().size() == 1 && answer->front().front().front();
    // What is changing through the gateway right now would look like drift.
    const bool changed = readable && changes == changes_ && catalog_ &&
                         *answer->front().front().front() != catalog_->fingerprint();
    if (changed) {
      ++wanted_;
      version_.fetch_add(1, std::memory_order_acq_rel);
      std::move(doubting.begin(), doubting.end(), std::back_inserter(waiting_));
      doubting.clear();
    } else {
      same = catalog_;
    }
  }
  for (const auto& tell : doubting) tell(same);
  if (!same) read();
}

}  // namespace sluice::gateway
