#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "change/assess.h"
#include "change/change_store.h"
#include "change/sql_client.h"
#include "gateway/gateway.h"

namespace sluice::change {

/// What is to run, and what has been approved of it.
struct Job {
  Change change;
  Part part = Part::kScript;
  Plan plan;
  std::vector<size_t> targets;  ///< in Change::targets, in the order in which they are run on
  gateway::ApprovedChange approved;
  std::string credential;         ///< with which it was started
  identity::Assurance assurance;  ///< how the requester has proved who they are
};

/// Runs one job, on the caller's thread: as a client of the gateway itself, so that policy, limits,
/// masking and record are those of any session. It comes with a credential of the requester's that
/// is made for one database and revoked at the end.
class Runner {
 public:
  /// `host`: where the gateway takes PostgreSQL clients. `stopped`: read again and again; the run
  /// ends soon after it is true.
  Runner(gateway::Gateway& gateway, ChangeStore& store, std::string host, const Job& job,
         const std::atomic<bool>& stopped)
      : gateway_(gateway), store_(store), host_(std::move(host)), job_(job), stopped_(stopped) {}

  /// Stops at the first error, which it returns; empty: all is done.
  std::string run();

 private:
  struct Session;
  Result<std::unique_ptr<Session>> open(size_t target);
  void close(Session& session);
  std::string on_target(size_t target);
  std::string steps_on(size_t target, Session& session);
  std::string step(size_t target, size_t number, Session& session);
  Outcome execute(Session& session, const std::string& text);
  std::string over();
  void note(const Result<>& kept);
  Result<> refresh_directory();

  gateway::Gateway& gateway_;
  ChangeStore& store_;
  const std::string host_;
  const Job& job_;
  const std::atomic<bool>& stopped_;
};

}  // namespace sluice::change
