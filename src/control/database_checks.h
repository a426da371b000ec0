#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "control/fair_pool.h"

namespace sluice::control {

/// Whether the gateway can log in at its databases, looked at again when somebody asks and it was
/// some time ago. One that does not answer holds up neither the others nor, for long, who asks. Any
/// thread.
class DatabaseChecks {
 public:
  /// Takes as long as the database does; called for several databases at once.
  using Check = std::function<Result<std::string>(const std::string&)>;

  /// `first`: how long the first answer of one is waited for.
  explicit DatabaseChecks(Check check, Duration first = std::chrono::seconds(10))
      : check_(std::move(check)), first_(first) {}
  ~DatabaseChecks() { pool_.stop(); }
  DatabaseChecks(const DatabaseChecks&) = delete;
  DatabaseChecks& operator=(const DatabaseChecks&) = delete;

  /// Begins to look where that is due. Whether problems() would wait: something new is about to be
  /// known. Never waits itself.
  bool begin(const std::vector<std::string>& databases);
  /// What is wrong, by database; what was known last where looking takes longer than a moment.
  std::map<std::string, std::string> problems(const std::vector<std::string>& databases);

 private:
  struct Known {
    Clock::time_point begun, ended;
    bool running = false;
    std::string problem = "it has not answered yet";
  };
  void look(const std::string& database);
  /// Until when it is worth to wait for one of them; a time that is over: nothing new comes.
  Clock::time_point worth_waiting(const std::vector<std::string>& databases) const;

  static constexpr size_t kAtOnce = 4;

  const Check check_;
  const Duration first_;
  mutable std::mutex mutex_;
  std::condition_variable known_more_;
  std::map<std::string, Known> known_;
  FairPool pool_{kAtOnce, 1};  ///< last: what runs in it uses all of the above
};

}  // namespace sluice::control
