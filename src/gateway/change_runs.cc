#include "gateway/change_runs.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::gateway {
void ChangeRun::begin(size_t step) {
  const std::lock_guard lock(mutex_);
  step_ = step;
}

void ChangeRun::pause() {
  const std::lock_guard lock(mutex_);
  step_.reset();
}

std::string ChangeRun::objection(uint64_t session, std::string_view text,
                                 const policy::Decision& decision) {
  const std::lock_guard lock(mutex_);
  if (session_ == 0) session_ = session;
  if (session_ != session) return fmt::format("change {} is run by another session", name_);
  if (!step_ || *step_ >= steps_.size() || steps_[*step_] != text)
    return fmt::format("this is not the step of change {} that is next", name_);
  for (const auto& hold : decision.holds) {
    const auto need =
        std::find_if(approved_.needs.begin(), approved_.needs.end(), [&](const auto& known) {
          return known.rule == hold->rule && known.stages == hold->stages;
        });
    if (need == approved_.needs.end())
      return fmt::format("change {} was not approved for rule \"{}\"", name_, hold->rule);
  }
  return {};
}

std::string ChangeRun::label() const {
  const std::lock_guard lock(mutex_);
  return step_ ? fmt::format("{} step {} of {}", name_, *step_ + 1, steps_.size()) : name_;
}

void ChangeRuns::add(const std::string& credential, std::shared_ptr<ChangeRun> run) {
  const std::lock_guard lock(mutex_);
  runs_[credential] = std::move(run);
}

void ChangeRuns::remove(const std::string& credential) {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(credential);
  if (found == runs_.end()) return;
  found->second->pause();
  runs_.erase(found);
}

std::shared_ptr<ChangeRun> ChangeRuns::find(const std::string& credential) const {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(credential);
  return found == runs_.end() ? nullptr : found->second;
}

}  // namespace sluice::gateway
