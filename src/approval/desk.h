#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "approval/delegation.h"
#include "approval/quorum.h"
#include "approval/request.h"
#include "approval/request_store.h"
#include "base/onward_clock.h"
#include "identity/directory.h"
#include "store/database.h"

namespace sluice::approval {

/// Where requests are made, decided on and used. May be called from any thread but the workers',
/// as it may wait for the disk. Other processes may change the same store: what they decide is
/// seen within half a second.
class Desk {
 public:
  /// `database` must be nobody else's.
  static Result<std::unique_ptr<Desk>> open(store::Database database,
                                            std::shared_ptr<const identity::Directory> directory);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  void set_directory(std::shared_ptr<const identity::Directory> directory);
  /// Asks `source` who there is before it decides on anything: `set_directory` may come later than
  /// what was changed. Called from any thread, with no lock held.
  void follow(std::function<std::shared_ptr<const identity::Directory>()> source);

  /// Asks for something to be approved; `valid` from now. What has been asked for in exactly the
  /// same way and is still open is not asked for twice. `request.automatic`: it is approved at
  /// once, for this one use and under a number of its own. kDenied where nobody could approve it,
  /// or too much is waiting.
  Result<Request> ask(Request request, Duration valid);
  /// Takes the one run that was approved. kDenied where `subject` is not what was approved, those
  /// who approved may not any more, or it has been used: the text says which.
  Result<Request> use(int64_t number, const Subject& subject);
  /// kDenied, kNotFound.
  Result<Request> vote(int64_t number, Vote vote);
  /// By who asked for it; `actor` and `why` go on the record.
  Result<> withdraw(int64_t number, const std::string& actor, const std::string& why);

  Result<Request> find(int64_t number);
  Result<std::vector<Request>> list(const Wanted& wanted);
  /// What it still takes; empty for what waits no more.
  std::vector<std::string> missing(const Request& request);
  /// Whether those who have approved it still may.
  Result<bool> stands(const Request& request);
  /// Whether `vote` could be given now, were it still waiting. kDenied says why not.
  Result<> could_vote(Request request, const Vote& vote);

  /// Lets somebody give somebody's vote. kDenied, kInvalidInput, kNotFound.
  Result<Delegation> delegate(Delegation delegation);
  /// Those that are not over, the newest first.
  Result<std::vector<Delegation>> delegations();
  /// Taken back by one of the two.
  Result<> end_delegation(int64_t number, const std::string& actor);

  /// Calls `decided` once, when request `number` is not waiting any more; at once if it is not.
  /// On some thread, with no lock held. Returns what `forget` takes.
  uint64_t watch(int64_t number, std::function<void()> decided);
  /// Nobody waits for it any more.
  void forget(uint64_t watch);
  /// Nobody waits for anything any more; no call is under way once it returns.
  void forget_all();

 private:
  Desk(store::Database database, std::shared_ptr<const identity::Directory> directory);
  int64_t now() { return clock_.now(); }
  /// Takes over who there is by now. Without the lock.
  void catch_up();
  template <typename Work>
  auto alone(Work work) -> decltype(work());
  // What they do, within `alone`.
  Result<Request> ask_alone(Request request, Duration valid);
  Result<Request> use_alone(int64_t number, const Subject& subject);
  Result<Request> vote_alone(int64_t number, Vote vote);
  Result<> withdraw_alone(int64_t number, const std::string& actor, const std::string& why);
  Result<Request> current(int64_t number);
  Result<Standing> judged(const Request& request);
  Result<> may_vote_now(const Request& request, const Vote& vote);
  /// Tells of each time from which others decide too.
  Result<> escalate(int64_t number);
  Result<Request> grant(Request request);
  void run();
  /// With the lock held: something has been decided.
  void poke();
  Result<> look();

  std::mutex calling_;  ///< held while watchers are called; taken before `mutex_`
  std::mutex mutex_;    ///< guards all below
  store::Database database_;
  RequestStore requests_{database_};
  DelegationStore delegations_{database_};
  std::map<int64_t, std::vector<int64_t>> escalations_;  ///< when, of those that wait
  std::shared_ptr<const identity::Directory> directory_;
  std::function<std::shared_ptr<const identity::Directory>()> source_;
  OnwardClock clock_;  ///< never earlier than what any desk has seen
  struct Watcher {
    int64_t number = 0;
    std::function<void()> decided;
  };
  std::map<uint64_t, Watcher> watchers_;
  uint64_t next_watch_ = 1;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool poked_ = false;
  std::thread thread_;
};

}  // namespace sluice::approval
