#include "control/database_checks.h"

#include <algorithm>

namespace sluice::control {
namespace {

constexpr auto kCheckEvery = std::chrono::seconds(10);
/// A database that is well has answered by then; until it does, it is told of as before.
constexpr auto kPatience = std::chrono::seconds(2);

}  // namespace

bool DatabaseChecks::begin(const std::vector<std::string>& databases) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  for (const auto& database : databases) {
    Known& known = known_[database];
    const bool fresh = known.ended != Clock::time_point() && now - known.ended <= kCheckEvery;
    if (known.running || fresh) continue;
    known.running = true;
    known.begun = now;
    pool_.submit(database, [this, database] { look(database); });
  }
  return worth_waiting(databases) > now;
}

void DatabaseChecks::look(const std::string& database) {
  const auto checked = check_(database);
  {
    const std::lock_guard lock(mutex_);
    Known& known = known_[database];
    known.problem = checked ? "" : checked.error().text;
    known.ended = Clock::now();
    known.running = false;
  }
  known_more_.notify_all();
}

Clock::time_point DatabaseChecks::worth_waiting(const std::vector<std::string>& databases) const {
  Clock::time_point until{};
  for (const auto& database : databases) {
    const auto found = known_.find(database);
    if (found == known_.end() || !found->second.running) continue;
    const bool first = found->second.ended == Clock::time_point();
    until = std::max(until, found->second.begun + (first ? first_ : Duration(kPatience)));
  }
  return until;
}

std::map<std::string, std::string> DatabaseChecks::problems(
    const std::vector<std::string>& databases) {
  begin(databases);
  std::unique_lock lock(mutex_);
  while (Clock::now() < worth_waiting(databases))
    known_more_.wait_until(lock, worth_waiting(databases));
  std::map<std::string, std::string> out;
  for (const auto& database : databases) {
    if (const auto& problem = known_[database].problem; !problem.empty()) out[database] = problem;
  }
  return out;
}

}  // namespace sluice::control
