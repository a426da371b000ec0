#include "gateway/stragglers.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace sluice::gateway {
namespace {

/// A process that has come to the number since is younger than we have known that one.
std::string termination(const std::vector<std::pair<uint32_t, double>>& processes) {
  std::string values;
  for (const auto& [pid, seconds] : processes) {
    values +=
        fmt::format("{}({}, {:.3f}::pg_catalog.float8)", values.empty() ? "" : ", ", pid, seconds);
  }
  return fmt::format(
      "SELECT a.pid, pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity AS a, "
      "(VALUES {}) AS left_behind(pid, age) WHERE a.pid OPERATOR(pg_catalog.=) left_behind.pid AND "
      "pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) "
      "a.backend_start) OPERATOR(pg_catalog.>=) left_behind.age",
      values);
}

}  // namespace

void Stragglers::add(std::shared_ptr<Database> database, uint32_t pid, Clock::time_point known,
                     Clock::time_point due) {
  left_.push_back({std::move(database), pid, known, due});
}

void Stragglers::tick(Clock::time_point now) {
  std::map<std::shared_ptr<Database>, std::vector<std::pair<uint32_t, double>>> due;
  std::set<Database*> busy;
  for (const Left& one : left_) {
    if (one.asked) busy.insert(one.database.get());
  }
  for (Left& one : left_) {
    if (one.due > now || busy.contains(one.database.get())) continue;
    one.asked = true;
    due[one.database].emplace_back(one.pid, std::chrono::duration<double>(now - one.known).count());
  }
  for (const auto& [database, processes] : due) {
    ask_(database, termination(processes),
         [this, which = database, now](auto found) { answered(which, found, now); });
  }
}

/// Those that are not found are gone.
void Stragglers::answered(const std::shared_ptr<Database>& database,
                          const Result<std::vector<catalog::Rows>>& found,
                          Clock::time_point asked_at) {
  std::set<std::string> there;
  if (found) {
    for (const auto& rows : *found) {
      for (const auto& row : rows) {
        if (!row.empty() && row[0]) there.insert(*row[0]);
      }
    }
  }
  std::vector<std::pair<uint32_t, bool>> told;
  std::erase_if(left_, [&](Left& one) {
    if (one.database != database || !one.asked) return false;
    one.asked = false;
    if (found && !there.contains(std::to_string(one.pid))) {
      if (one.looks > 0) told.emplace_back(one.pid, true);
      return true;
    }
    one.due = asked_at + kBetween;
    const bool over = ++one.looks >= kMostLooks;
    if (over) told.emplace_back(one.pid, false);
    return over;
  });
  for (const auto& [pid, ended] : told) tell_(database, pid, ended);
}

}  // namespace sluice::gateway
