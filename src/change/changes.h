#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "approval/desk.h"
#include "change/assess.h"
#include "change/change.h"
#include "change/change_store.h"
#include "change/runner.h"
#include "gateway/gateway.h"

namespace sluice::change {

/// Where changes are submitted, and from where they are run. May be called from any thread that
/// may wait for databases.
class Changes {
 public:
  /// All but `store` must outlive this. `host`: where the gateway takes PostgreSQL clients, as this
  /// machine reaches it. What was interrupted is closed.
  static Result<std::unique_ptr<Changes>> open(std::unique_ptr<ChangeStore> store,
                                               gateway::Gateway& gateway, approval::Desk& desk,
                                               std::string host);
  ~Changes() { stop(); }

  /// Judges it, and asks for its approval where some rule holds something of it. kDenied says
  /// what refuses which step; it is then not kept.
  Result<Change> submit(Change change, const Who& who);
  /// Begins to run it; by who submitted it. Everything is looked at once more; kDenied says what is
  /// not as it was approved, or not approved.
  Result<Change> run(int64_t number, const Who& who);
  /// Begins to run its rollback script, once, where all of it was done, the last database first.
  Result<Change> roll_back(int64_t number, const Who& who);
  /// Gives it up, or stops it while it runs; by who submitted it.
  Result<Change> cancel(int64_t number, const Who& who);

  Result<Change> find(int64_t number) { return store_->find(number); }
  Result<std::vector<Change>> list(const Wanted& wanted) { return store_->list(wanted); }

  /// Whose word on changes counts from now on.
  void set_vouching(Vouching vouching) {
    const std::lock_guard lock(mutex_);
    vouching_ = std::make_shared<const Vouching>(std::move(vouching));
  }

  /// Stops what runs, and waits for that; nothing begins any more.
  void stop();

 private:
  struct Run {
    std::atomic<bool> stopped{false};
    std::atomic<bool> ended{false};
    std::string by;  ///< who has stopped it
    std::thread thread;
  };

  Changes(std::unique_ptr<ChangeStore> store, gateway::Gateway& gateway, approval::Desk& desk,
          std::string host)
      : store_(std::move(store)), gateway_(gateway), desk_(desk), host_(std::move(host)) {}
  Result<Change> own(int64_t number, const Who& who);
  Result<> ask(const Change& change, const Assessment& assessed);
  Result<gateway::ApprovedChange> use(const Change& change, const Assessment& assessed);
  Result<gateway::ApprovedChange> still_approved(const Change& change, const Assessment& assessed);
  /// A place among those that run, until it is given up or taken. An error: there is none.
  class Place {
   public:
    explicit Place(Changes& changes) : changes_(&changes) {}
    ~Place() {
      if (changes_ == nullptr) return;
      const std::lock_guard lock(changes_->mutex_);
      --changes_->starting_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    /// With the lock held: it runs.
    void taken() { --std::exchange(changes_, nullptr)->starting_; }

   private:
    Changes* changes_;
  };
  Result<std::unique_ptr<Place>> find_place();
  Result<> start(Job job, const Who& who, State from, Place& place);
  void execute(const Job& job, Run& run);
  std::shared_ptr<const Vouching> vouching() {
    const std::lock_guard lock(mutex_);
    return vouching_;
  }
  void reap();

  std::unique_ptr<ChangeStore> store_;
  gateway::Gateway& gateway_;
  approval::Desk& desk_;
  const std::string host_;
  std::mutex mutex_;  ///< guards all below
  bool stopping_ = false;
  size_t starting_ = 0;  ///< that will be in `runs_`
  std::shared_ptr<const Vouching> vouching_ = std::make_shared<const Vouching>();
  std::map<int64_t, std::unique_ptr<Run>> runs_;  ///< by the change's number
};

}  // namespace sluice::change
