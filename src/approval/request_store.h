#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/request.h"
#include "base/clock.h"
#include "store/database.h"

namespace sluice::approval {

/// What to list of them.
struct Wanted {
  std::optional<State> state;
  std::string requester;  ///< empty: of everybody
  size_t limit = 100;
  int64_t before = 0;  ///< only numbers below it; 0: all
};

/// Requests as they are kept. Each change is one transaction with the words that it leaves for the
/// audit log and for those outside (store/notices.h). Times come from the caller.
class RequestStore {
 public:
  explicit RequestStore(store::Database& database) : database_(database) {}

  /// Keeps a new one; returns its number.
  Result<int64_t> add(const Request& request);
  /// kNotFound.
  Result<Request> find(int64_t number);
  /// The newest first, with their votes.
  Result<std::vector<Request>> list(const Wanted& wanted);
  /// Those of one requester at one database that people may still let, or have let through. What
  /// was approved automatically is its asker's alone.
  Result<std::vector<Request>> open(const Subject& subject);

  /// What may still come to something, of everybody.
  struct Open {
    int64_t number = 0;
    bool waiting = false;  ///< else approved
    int64_t expires_micros = 0;
  };
  Result<std::vector<Open>> all_open();

  Result<> add_vote(const Request& request, const Vote& vote);
  /// Approved with what was granted; false if it was not `kWaiting` any more.
  Result<bool> approve(const Request& request);
  /// From `from` to rejected, expired or withdrawn; false if it was not `from` any more.
  Result<bool> close(const Request& request, State from, State to, const std::string& actor,
                     const std::string& why);
  /// The one use of an approval; false if somebody else had it before.
  Result<bool> use(const Request& request, int64_t now_micros);

  /// Tells that these groups decide too, for it has waited for so long; false if it was told
  /// before.
  Result<bool> escalate(const Request& request, Duration after,
                        const std::vector<std::string>& groups);

  /// The latest time that was ever written: clocks that are set back do not make it earlier.
  Result<int64_t> latest_time();
  Result<> note_time(int64_t micros);

 private:
  Result<> read_votes(std::vector<Request>& requests);
  /// What a query for requests finds, with their votes.
  Result<std::vector<Request>> all_of(store::Statement& query);
  /// What those outside are told of a change.
  struct Told {
    std::string_view event;
    int64_t request = 0;
    std::string said;
  };
  Result<bool> changed(store::Statement& update, const std::string& actor,
                       const std::string& message, const Told& told);
  store::Database& database_;
};

}  // namespace sluice::approval
