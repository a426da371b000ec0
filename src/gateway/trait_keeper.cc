#include "gateway/trait_keeper.h"

#include <algorithm>

#include "base/log.h"

namespace sluice::gateway {

void TraitKeeper::change_started() {
  const std::lock_guard lock(mutex_);
  ++changing_;
  ++changes_;
}

void TraitKeeper::change_ended(Explains explains) {
  const std::lock_guard lock(mutex_);
  --changing_;
  ++changes_;
  if (!explains) return;
  // Read soon, also if it has changed nothing: it must not explain what somebody does later.
  ++wanted_;
  explanations_.push_back(std::move(explains));
}

void TraitKeeper::may_have_changed() {
  {
    const std::lock_guard lock(mutex_);
    ++wanted_;
  }
  read();
}

void TraitKeeper::look() {
  {
    const std::lock_guard lock(mutex_);
    if (asking_ || changing_ > 0) return;
    if (read_ == wanted_ && fingerprint_.empty()) return;
    asking_ = !fingerprint_.empty();
  }
  if (fingerprint_.empty()) {
    read();
  } else {
    ask_(fingerprint_, [this](auto answer) { fingerprinted(std::move(answer)); });
  }
}

void TraitKeeper::fingerprinted(Result<std::vector<catalog::Rows>> answer) {
  {
    const std::lock_guard lock(mutex_);
    asking_ = false;
    const bool readable = answer && answer->size() == 1 && answer->front().size() == 1 &&
                          answer->front().front().size() == 1 && answer->front().front().front();
    if (!readable) return;
    std::string& value = *answer->front().front().front();
    if (value != seen_) ++wanted_;
    seen_ = std::move(value);
  }
  read();
}

void TraitKeeper::read() {
  uint64_t asked = 0;
  uint64_t changes = 0;
  {
    const std::lock_guard lock(mutex_);
    if (asking_ || changing_ > 0 || read_ == wanted_) return;
    asking_ = true;
    asked = wanted_;
    changes = changes_;
  }
  ask_(query_,
       [this, asked, changes](auto answer) { have_read(asked, changes, std::move(answer)); });
}

void TraitKeeper::have_read(uint64_t asked, uint64_t changes,
                            Result<std::vector<catalog::Rows>> answer) {
  std::vector<catalog::Change> unexplained;
  {
    const std::lock_guard lock(mutex_);
    asking_ = false;
    auto read = answer && answer->size() == 1
                    ? catalog::read_traits(std::move(answer->front()))
                    : fail(answer ? Error{ErrorCode::kProtocol, "not one result"}
                                  : std::move(answer).error());
    if (!read) log::warn("what may have changed past the gateway: {}", read.error().text);
    // What is changing through the gateway right now would look like drift: the next look reads.
    if (!read || changes != changes_) return;
    if (traits_) {
      for (auto& change : catalog::diff_traits(*traits_, *read)) {
        if (std::none_of(explanations_.begin(), explanations_.end(),
                         [&](const Explains& explains) { return explains(change); }))
          unexplained.push_back(std::move(change));
      }
    }
    traits_ = std::move(*read);
    read_ = asked;
    explanations_.clear();
  }
  if (!unexplained.empty()) drift_(unexplained);
}

}  // namespace sluice::gateway
