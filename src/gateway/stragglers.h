#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/own_query.h"

namespace sluice::gateway {

/// Server processes that were left while they ran something and told to cancel it. Code can catch a
/// cancel and go on for ever; the end of its process it cannot. Those that still run a while later
/// are terminated, by a question on a connection of the gateway's own. No I/O of its own, and one
/// question a second for each database at most.
class Stragglers {
 public:
  /// Asks the server of a database.
  using Ask = std::function<void(const std::shared_ptr<Database>&, std::string, OwnQuery::Done)>;
  /// What became of a server process: terminated, or not to be ended.
  using Tell = std::function<void(const std::shared_ptr<Database>&, uint32_t pid, bool ended)>;

  /// How long a cancel may take.
  static constexpr Duration kPatience = std::chrono::seconds(2);
  /// Between two looks at whether a process is gone, and how many there are.
  static constexpr Duration kBetween = std::chrono::seconds(4);
  static constexpr int kMostLooks = 5;

  Stragglers(Ask ask, Tell tell) : ask_(std::move(ask)), tell_(std::move(tell)) {}

  /// Process `pid`, which was at work for us at `known`, is looked at from `due` on.
  void add(std::shared_ptr<Database> database, uint32_t pid, Clock::time_point known,
           Clock::time_point due);
  /// Asks for those that are due; called every second or so.
  void tick(Clock::time_point now);
  bool empty() const { return left_.empty(); }

 private:
  struct Left {
    std::shared_ptr<Database> database;
    uint32_t pid;
    Clock::time_point known, due;
    int looks = 0;
    bool asked = false;  ///< the answer is outstanding
  };

  void answered(const std::shared_ptr<Database>& database,
                const Result<std::vector<catalog::Rows>>& found, Clock::time_point asked_at);

  const Ask ask_;
  const Tell tell_;
  std::vector<Left> left_;
};

}  // namespace sluice::gateway
