#include "audit/trouble.h"

#include <utility>

#include "base/log.h"

namespace sluice::audit {

void Trouble::set(std::string text, bool for_good) {
  const std::lock_guard lock(mutex_);
  if (for_good_) return;
  if (!text.empty() && text != problem_) log::error("audit log: {}", text);
  problem_ = std::move(text);
  for_good_ = for_good;
  broken_ = for_good_ || !tree_problem_.empty();
}

void Trouble::set_tree(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  if (!problem.empty() && problem != tree_problem_) log::error("audit log: {}", problem);
  if (problem.empty()) log::info("audit log: the tree goes on");
  tree_problem_ = problem;
  broken_ = for_good_ || !tree_problem_.empty();
}

void Trouble::close() {
  const std::lock_guard lock(mutex_);
  if (!for_good_) problem_ = "the audit log has been closed";
  for_good_ = true;
  broken_ = true;
}

}  // namespace sluice::audit
