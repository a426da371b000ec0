#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "approval/desk.h"
#include "audit/log.h"
#include "base/result.h"
#include "config/config.h"
#include "gateway/agent_controls.h"
#include "gateway/asking.h"
#include "gateway/bearer.h"
#include "gateway/change_runs.h"
#include "gateway/foresight.h"
#include "gateway/fresh_state.h"
#include "gateway/login_limits.h"
#include "identity/directory.h"
#include "policy/policy.h"
#include "policy/understand.h"
#include "privacy/labels.h"
#include "undo/undo_store.h"

namespace sluice::gateway {

/// One live session as `session list` shows it.
struct SessionInfo {
  uint64_t id = 0;
  std::string user, database, environment, application, client_address, tls;
  std::string state;           ///< "idle", "active", "idle in transaction", "waiting for a server
                               ///< connection", "waiting for approval"
  std::string last_statement;  ///< redacted, shortened
  int64_t started_micros = 0;
  int64_t state_since_micros = 0;
  uint64_t statements = 0;
  unsigned worker = 0;
};

/// Totals over all workers since start, for /metrics.
struct Stats {
  uint64_t connections_total = 0, logins_ok_total = 0, logins_failed_total = 0;
  uint64_t logins_limited_total = 0;
  uint64_t statements_allowed_total = 0, statements_denied_total = 0, statements_failed_total = 0;
  uint64_t rows_total = 0, masked_values_total = 0, bytes_from_clients_total = 0,
           bytes_to_clients_total = 0;
  uint64_t cancels_total = 0, analysis_cache_hits_total = 0, analysis_cache_misses_total = 0;
  uint64_t sessions = 0, logins_in_progress = 0;
  uint64_t server_connections_active = 0, server_connections_idle = 0, waiting_for_server = 0;
  uint64_t server_connects_total = 0, server_connect_failures_total = 0;
};

/// What has let somebody in or do something, and when.
struct Uses {
  using List = std::vector<std::pair<std::string, int64_t>>;
  List credentials;  ///< by id
  List users;        ///< who logged in, by name
  List grants;       ///< in force while a statement ran, by number
  bool any() const { return !credentials.empty() || !users.empty() || !grants.empty(); }
};

/// People's words on columns, by the configured name of the database.
using Corrections = std::map<std::string, std::vector<privacy::Correction>>;

/// The data path: listeners, workers, sessions and pools. Its public methods may be called from
/// any thread; they hand their work to the workers and wait.
class Gateway {
 public:
  /// Binds the listeners and starts the workers; `log` must have one writer per worker
  /// (`worker_count`) and outlive the gateway, as must `desk`, without which nothing can be
  /// approved, and `undo`, without which nothing can be kept to be undone. Pseudonyms are made with
  /// `secret`.
  static Result<std::unique_ptr<Gateway>> start(
      std::shared_ptr<const config::Config> config,
      std::shared_ptr<const identity::Directory> directory,
      std::shared_ptr<const policy::Policy> policy, const SecretString& secret, audit::Log& log,
      Corrections corrections = {}, approval::Desk* desk = nullptr,
      undo::UndoStore* undo = nullptr);
  virtual ~Gateway() = default;

  /// `config.workers`, or the number of cores this process may use.
  static unsigned worker_count(const config::Config& config);

  /// Port that clients connect to (useful when the configuration said 0).
  virtual uint16_t port() const = 0;
  virtual std::string_view reactor_name() const = 0;

  /// Takes new databases and TLS certificates for new sessions; running sessions go on. The policy
  /// is taken as by `set_policy`.
  virtual Result<> reload(std::shared_ptr<const config::Config> config,
                          std::shared_ptr<const policy::Policy> policy) = 0;
  /// Takes the databases of a configuration that differs in nothing else from the one in force, for
  /// new sessions. Not at the same time as `reload`.
  virtual Result<> set_databases(std::shared_ptr<const config::Config> config) = 0;
  /// Takes a new user snapshot; sessions of users who are gone or disabled are ended.
  virtual void set_directory(std::shared_ptr<const identity::Directory> directory) = 0;
  /// Reads all users, and takes them as by `set_directory`. One reading at a time, so that what
  /// somebody has just put into the store is never taken back by what was read before.
  virtual Result<> renew_directory(
      const std::function<Result<std::shared_ptr<const identity::Directory>>()>& read) = 0;

  /// Takes a new policy; it decides from the next statement of every session on.
  virtual void set_policy(std::shared_ptr<const policy::Policy> policy) = 0;
  virtual std::shared_ptr<const policy::Policy> policy() = 0;
  virtual std::shared_ptr<const identity::Directory> directory() = 0;
  /// Environment of a configured database; kNotFound if there is none.
  virtual Result<policy::Target> target(const std::string& database) = 0;
  /// Analyses a text as a fresh session of that database would, without running it: its facts and
  /// the catalog they were found with. Waits for the catalog where it has still to be read.
  virtual Result<policy::Understood> understand(const std::string& database,
                                                std::string_view text) = 0;

  /// What a database's server says of it; kNotFound if there is none of that name. Blocking.
  virtual Result<FreshState> fresh_state(const std::string& database) = 0;
  /// foresee (foresight.h); kNotFound if there is none of that name. Blocking.
  virtual Result<std::vector<Foreseen>> foresee(const std::string& database,
                                                const WantedScript& script) = 0;
  /// Where whoever runs an approved change says so.
  virtual ChangeRuns& change_runs() = 0;
  /// Budgets and taints of agents.
  virtual AgentControls& agents() = 0;

  /// Names of the configured databases, sorted.
  virtual std::vector<std::string> databases() = 0;
  /// What the columns of a database hold. Waits until all are classified, but not for long: what
  /// is not known by then is not in it.
  virtual Result<std::shared_ptr<const privacy::Labels>> labels(const std::string& database) = 0;
  /// People's words from now on, in place of the former ones; they count from the next statement
  /// of every session on.
  virtual void set_corrections(Corrections corrections) = 0;
  /// What statements have put into columns of each database whose class no correction says yet.
  virtual std::vector<privacy::CopyIn> copies() = 0;

  virtual std::vector<SessionInfo> sessions() = 0;
  /// Ends a session as pg_terminate_backend would; kNotFound if there is none.
  virtual Result<> kill(uint64_t session_id, const std::string& by_whom) = 0;
  virtual Stats stats() = 0;
  /// Counts failed logins, also those over HTTP.
  virtual LoginLimits& login_limits() = 0;
  /// Who finds out whose tokens of identity providers are; none: they let nobody in.
  virtual void set_bearer(BearerVerifier verifier) = 0;
  /// One login more has been refused by them.
  virtual void count_limited_login() = 0;
  /// What has been used since this was asked last.
  virtual Uses take_uses() = 0;

  /// Opens one server connection and reports what it is ("PostgreSQL 15.18, TLSv1.3, 2.1 ms").
  /// For `database check` on a running gateway and for /readyz.
  virtual Result<std::string> check_database(const std::string& name) = 0;

  /// Runs `work` on a connection of the gateway's own and the caller's thread. `changes_schema`:
  /// the catalog is read anew behind it, and what has changed is not taken for drift.
  virtual Result<> ask_server(const std::string& database, bool changes_schema,
                              const std::function<Result<>(Asking&)>& work) = 0;

  /// No new logins; idle sessions end, running statements finish, at most `drain_timeout`.
  virtual void drain() = 0;
};

}  // namespace sluice::gateway
