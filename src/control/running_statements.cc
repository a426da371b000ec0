#include "control/running_statements.h"

#include <fmt/format.h>

namespace sluice::control {

Result<std::unique_ptr<RunningStatements::Run>> RunningStatements::begin(const std::string& user,
                                                                         const std::string& name,
                                                                         std::stop_token gone) {
  if (name.size() > kLongestName) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("the id of a statement has up to {} bytes", kLongestName));
  }
  Run::Key key{user, name};
  const std::lock_guard lock(mutex_);
  if (!name.empty() && running_.contains(key))
    return fail(ErrorCode::kExists, "a statement of this id is running: give each its own");
  std::unique_ptr<Run> run(new Run(*this, key, std::move(gone)));
  if (!name.empty()) running_.emplace(std::move(key), run->stop_);
  return run;
}

bool RunningStatements::stop(const std::string& user, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = running_.find({user, name});
  return found != running_.end() && (found->second.request_stop(), true);
}

void RunningStatements::over(const Run::Key& key) {
  if (key.second.empty()) return;
  const std::lock_guard lock(mutex_);
  running_.erase(key);
}

}  // namespace sluice::control
