#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "approval/desk.h"
#include "audit/log.h"
#include "gateway/agent_controls.h"
#include "gateway/analyser.h"
#include "gateway/background.h"
#include "gateway/bearer.h"
#include "gateway/big_stack_thread.h"
#include "gateway/cancel_keys.h"
#include "gateway/capturing.h"
#include "gateway/change_runs.h"
#include "gateway/counters.h"
#include "gateway/login_gate.h"
#include "gateway/login_limits.h"
#include "gateway/masking.h"
#include "gateway/own_query.h"
#include "gateway/pool.h"
#include "gateway/runtime.h"
#include "gateway/session_scope.h"
#include "gateway/stragglers.h"
#include "gateway/used_credentials.h"
#include "mask/permuter.h"
#include "net/reactor.h"
#include "policy/rate.h"
#include "undo/undo_store.h"

namespace sluice::gateway {

class Login;
class Session;
class CancelTicket;

/// What the planner expects of a text: how many rows, and what they cost.
struct Estimate {
  std::optional<double> rows, cost;  ///< unset: it was not asked, or has not said
  Clock::time_point until;           ///< does not count any more
};

/// What all workers of one gateway share.
struct Shared {
  explicit Shared(audit::Log& audit_log) : log(audit_log) {}

  audit::Log& log;
  AnalyserThreads analysers{1};
  Background background;            ///< catalogs are built here
  Background approving;             ///< the desk is asked here
  Background proving;               ///< ticket systems are asked here
  Background secrets;               ///< and whoever knows passwords of servers
  approval::Desk* desk = nullptr;   ///< null: nothing can be approved
  undo::UndoStore* undo = nullptr;  ///< null: nothing can be kept to be undone
  ChangeRuns change_runs;
  AgentControls agents;
  policy::RateLimiter rates;
  LoginGate gate;
  LoginLimits login_limits;
  Bearer bearer;
  UsedCredentials used_credentials, used_users, used_grants;
  /// Makes pseudonyms; the same over restarts, by the installation's secret.
  std::shared_ptr<const mask::Permuter> permuter;
  SecretString secret;               ///< of the installation
  std::string origin;                ///< of the log
  mask::SightingKey sighting_key{};  ///< the same, for who has seen what
  ResultSeal results;                ///< that rules have kept
  std::string mock_secret;           ///< keys the SCRAM salts of those who have no password
  std::atomic<uint64_t> next_session{1};
  std::atomic<bool> draining{false};
  std::atomic<uint64_t> logins_limited{0};  ///< refused because too many had failed
  std::atomic<size_t> sessions{0};          ///< open, over all workers
  /// Runs a task on every worker / on every worker but one.
  std::function<void(std::function<void(class Worker&)>, const class Worker* except)> broadcast;
};

/// One data-path thread: a reactor and everything that lives on it. Nothing here is locked; other
/// threads reach a worker through `post`.
class Worker {
 public:
  static Result<std::unique_ptr<Worker>> create(unsigned index, Shared& shared,
                                                std::shared_ptr<const Runtime> runtime,
                                                net::Reactor::Backend backend);
  ~Worker();

  /// Takes a listening socket (owned) and starts the thread.
  Result<> start(int listen_fd);
  /// Ends the thread; sessions still open are cut.
  void stop();
  /// Runs a task on the worker's thread.
  void post(std::function<void(Worker&)> task);

  // Everything below is for the worker's own thread.
  unsigned index() const { return index_; }
  Shared& shared() { return shared_; }
  net::Reactor& reactor() { return *reactor_; }
  const std::shared_ptr<const Runtime>& runtime() const { return runtime_; }
  audit::LogWriter& log() { return log_; }
  /// Whether the record of one more statement is sure to find room.
  Result<> reserve_record();
  Analyser& analyser() { return analyser_; }
  Scopes& scopes() { return scopes_; }
  Principals& principals() { return principals_; }
  Audiences& audiences() { return audiences_; }
  BoundedCache<Estimate>& estimates() { return estimates_; }
  /// Runs a simple query of the gateway's own on a connection opened for it.
  void ask(const std::shared_ptr<Database>& database, std::string text, OwnQuery::Done done);
  /// Server processes that were left at work.
  Stragglers& stragglers() { return stragglers_; }
  WorkerCounters& counters() { return counters_; }
  const WorkerCounters& counters() const { return counters_; }
  Pool& pool(const std::shared_ptr<Database>& database);

  void set_runtime(std::shared_ptr<const Runtime> runtime);
  void stop_accepting();

  void adopt(std::unique_ptr<Login> login);
  void adopt(std::unique_ptr<Session> session);
  /// Destroys a login or session once control is back in the loop.
  void retire(Login* login);
  void retire(Session* session);

  Session* find_session(uint64_t id);
  std::unordered_map<uint64_t, std::unique_ptr<Session>>& sessions() { return sessions_; }
  CancelKeys& cancel_keys() { return cancel_keys_; }

  /// Releases the session's output once record `sequence` is on disk (durability `disk`).
  void release_when_durable(uint64_t session_id, uint64_t sequence);
  /// Durability `disk`: has what was recorded brought there, when all that is at hand is recorded.
  void sync_records();

 private:
  Worker(unsigned index, Shared& shared, std::shared_ptr<const Runtime> runtime,
         std::unique_ptr<net::Reactor> reactor);
  void accept(std::unique_ptr<net::Stream> stream);
  void on_durable();
  void every_second();
  void bury();
  void end_expired();

  unsigned index_;
  Shared& shared_;
  std::unique_ptr<net::Reactor> reactor_;
  std::shared_ptr<const Runtime> runtime_;
  audit::LogWriter& log_;
  WorkerCounters counters_;
  Analyser analyser_;
  Scopes scopes_;
  Principals principals_;
  Audiences audiences_;
  BoundedCache<Estimate> estimates_{256 << 10};
  int listen_fd_ = -1;
  net::Timer second_;
  uint64_t seconds_ = 0;
  std::vector<std::unique_ptr<Pool>> pools_;
  Stragglers stragglers_;
  std::vector<std::unique_ptr<OwnQuery>> questions_;
  std::unordered_map<Login*, std::unique_ptr<Login>> logins_;
  std::unordered_map<uint64_t, std::unique_ptr<Session>> sessions_;
  CancelKeys cancel_keys_;
  std::vector<std::unique_ptr<Login>> dead_logins_;
  std::vector<std::unique_ptr<Session>> dead_sessions_;
  std::deque<std::pair<uint64_t, uint64_t>> undurable_;  ///< sequence, session
  bool sync_due_ = false;
  std::unique_ptr<BigStackThread> thread_;  ///< last: joined before the rest goes
};

}  // namespace sluice::gateway
