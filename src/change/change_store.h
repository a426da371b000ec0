#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "change/change.h"
#include "identity/credential_store.h"
#include "identity/directory.h"
#include "store/database.h"

namespace sluice::change {

/// What to list of them.
struct Wanted {
  std::optional<State> state;
  std::string requester;  ///< empty: of everybody
  size_t limit = 100;
  int64_t before = 0;  ///< only numbers below it; 0: all
};

/// Changes as they are kept, and the credentials that they run with. Each change of theirs is one
/// transaction with the word that it leaves for the audit log. May be called from any thread.
class ChangeStore {
 public:
  /// `database` must be nobody else's. `runner`: which gateway this is, the same over restarts.
  ChangeStore(store::Database database, std::string runner)
      : database_(std::move(database)), runner_(std::move(runner)) {}

  /// Keeps a new one; returns its number.
  Result<int64_t> add(const Change& change);
  /// kNotFound. With its steps.
  Result<Change> find(int64_t number);
  /// The newest first, without their steps.
  Result<std::vector<Change>> list(const Wanted& wanted);

  Result<> set_request(int64_t number, int64_t request);
  /// From `from` to `to`; false if it was not `from` any more. `problem` is kept if not empty;
  /// `said` goes on the record.
  Result<bool> move(int64_t number, State from, State to, const std::string& actor,
                    const std::string& said, const std::string& problem = {});
  /// As the run has left the targets.
  Result<> set_schemas(int64_t number, const std::vector<std::string>& schemas);

  Result<> begin_step(int64_t number, const StepRun& step);
  Result<> end_step(int64_t number, const StepRun& step);
  /// Those of one target that are `from`.
  Result<> move_steps(int64_t number, Part part, size_t target, StepState from, StepState to);

  /// What this gateway was running when it ended has failed; what it ran with is revoked.
  Result<> close_interrupted();

  /// A credential to run with.
  Result<identity::IssuedCredential> issue(const identity::NewCredential& next,
                                           const std::string& actor);
  Result<> revoke(const std::string& credential, const std::string& actor);
  Result<std::shared_ptr<const identity::Directory>> directory();

 private:
  Result<std::vector<StepRun>> steps(int64_t number);
  Result<Change> find_locked(int64_t number);
  Result<> interrupted(const Change& change);

  std::mutex mutex_;  ///< guards database_
  store::Database database_;
  const std::string runner_;
};

/// What a credential that a change runs with is called.
std::string credential_label(int64_t number);

}  // namespace sluice::change
