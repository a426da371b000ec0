#include "gateway/gateway.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/database_trial.h"
#include "gateway/drift.h"
#include "gateway/passing_changes.h"
#include "gateway/reach.h"
#include "gateway/server_watch.h"
#include "gateway/session.h"
#include "gateway/understanding.h"
#include "gateway/worker.h"

namespace sluice::gateway {
namespace {

net::Reactor::Backend backend_of(config::ReactorBackend backend) {
  using enum config::ReactorBackend;
  return backend == kUring   ? net::Reactor::Backend::kUring
         : backend == kEpoll ? net::Reactor::Backend::kEpoll
                             : net::Reactor::Backend::kAuto;
}

class GatewayImpl : public Gateway {
 public:
  GatewayImpl(audit::Log& log, approval::Desk* desk, undo::UndoStore* undo) : shared_(log) {
    shared_.desk = desk;
    shared_.undo = undo;
  }
  ~GatewayImpl() override;

  Result<> start(std::shared_ptr<const config::Config> config,
                 std::shared_ptr<const identity::Directory> directory,
                 std::shared_ptr<const policy::Policy> policy, const SecretString& secret,
                 Corrections corrections);

  uint16_t port() const override { return port_; }
  std::string_view reactor_name() const override { return reactor_name_; }
  Result<> reload(std::shared_ptr<const config::Config> config,
                  std::shared_ptr<const policy::Policy> policy) override;
  Result<> set_databases(std::shared_ptr<const config::Config> config) override;
  void set_directory(std::shared_ptr<const identity::Directory> directory) override;
  Result<> renew_directory(
      const std::function<Result<std::shared_ptr<const identity::Directory>>()>& read) override {
    const std::lock_guard lock(reading_);
    SLUICE_ASSIGN(auto directory, read());
    set_directory(std::move(directory));
    return {};
  }
  std::vector<SessionInfo> sessions() override;
  Result<> kill(uint64_t session_id, const std::string& by_whom) override;
  Stats stats() override;
  LoginLimits& login_limits() override { return shared_.login_limits; }
  void set_bearer(BearerVerifier verifier) override { shared_.bearer.set(std::move(verifier)); }
  void count_limited_login() override { shared_.logins_limited.fetch_add(1); }
  Uses take_uses() override {
    return {shared_.used_credentials.take(), shared_.used_users.take(), shared_.used_grants.take()};
  }
  Result<std::string> check_database(const std::string& name) override;
  Result<> ask_server(const std::string& database, bool changes_schema,
                      const std::function<Result<>(Asking&)>& work) override;
  Result<FreshState> fresh_state(const std::string& database) override;
  Result<std::vector<Foreseen>> foresee(const std::string& name,
                                        const WantedScript& script) override;
  ChangeRuns& change_runs() override { return shared_.change_runs; }
  AgentControls& agents() override { return shared_.agents; }
  void drain() override;
  void set_policy(std::shared_ptr<const policy::Policy> policy) override;
  std::shared_ptr<const policy::Policy> policy() override { return runtime()->policy; }
  std::shared_ptr<const identity::Directory> directory() override { return runtime()->directory; }
  Result<policy::Target> target(const std::string& database) override;
  Result<policy::Understood> understand(const std::string& database,
                                        std::string_view text) override;
  std::vector<std::string> databases() override;
  Result<std::shared_ptr<const privacy::Labels>> labels(const std::string& database) override;
  void set_corrections(Corrections corrections) override;
  std::vector<privacy::CopyIn> copies() override { return copies_in(runtime()->databases); }

 private:
  /// People's words on the columns of a database.
  std::vector<privacy::Correction> corrections_of(const std::string& database) const {
    const auto found = corrections_.find(database);
    return found == corrections_.end() ? std::vector<privacy::Correction>() : found->second;
  }
  /// Gives databases that have none yet the means to know what they hold.
  void watch_catalogs(const Runtime& runtime);
  void ask(const std::shared_ptr<Database>& database, std::string_view text,
           CatalogKeeper::Answered done);
  void record_drift(const config::DatabaseConfig& config, const std::string& message,
                    const std::vector<catalog::Change>& changes);
  void record_server_drift(const std::vector<std::shared_ptr<Database>>& databases,
                           const std::vector<catalog::Change>& changes);
  /// Runs `task` on every worker and waits until all have done so.
  void on_all_workers(const std::function<void(Worker&)>& task);
  void publish(std::shared_ptr<const Runtime> runtime);
  std::shared_ptr<const Runtime> runtime() {
    const std::lock_guard lock(mutex_);
    return runtime_;
  }
  Result<std::shared_ptr<Database>> find_database(const std::string& name);
  size_t open_sessions() const { return shared_.sessions.load(); }

  Shared shared_;
  ServerWatch servers_{
      [this](const std::shared_ptr<Database>& database, std::string_view text,
             TraitKeeper::Answered done) { ask(database, text, std::move(done)); },
      [this](const auto& of, const auto& changes) { record_server_drift(of, changes); }};
  std::mutex mutex_;    ///< guards runtime_, corrections_
  std::mutex reading_;  ///< held while the users are read, before mutex_
  std::shared_ptr<const Runtime> runtime_;
  Corrections corrections_;
  std::vector<std::unique_ptr<Worker>> workers_;
  uint16_t port_ = 0;
  std::string reactor_name_;
};

Result<> GatewayImpl::start(std::shared_ptr<const config::Config> config,
                            std::shared_ptr<const identity::Directory> directory,
                            std::shared_ptr<const policy::Policy> policy,
                            const SecretString& secret, Corrections corrections) {
  shared_.permuter = std::make_shared<const mask::Permuter>(secret);
  shared_.sighting_key = mask::sighting_key(secret.reveal());
  shared_.secret = secret;
  shared_.results.set_file(config->state / "results.key");
  shared_.origin = shared_.log.key().name;
  corrections_ = std::move(corrections);
  // The same over restarts: users without a password have credentials with such a salt.
  shared_.mock_secret = std::string(secret.reveal());
  shared_.broadcast = [this](std::function<void(Worker&)> task, const Worker* except) {
    for (const auto& worker : workers_) {
      if (worker.get() != except) worker->post(task);
    }
  };
  SLUICE_ASSIGN(runtime_, make_runtime(config, std::move(directory), std::move(policy), nullptr));
  watch_catalogs(*runtime_);
  SLUICE_ASSIGN(const auto addresses,
                net::resolve(config->listen_postgres.host, config->listen_postgres.port));
  net::Address address = addresses.front();
  SLUICE_TRY(net::check_free(address));
  for (unsigned i = 0; i < worker_count(*config); ++i) {
    SLUICE_ASSIGN(auto worker, Worker::create(i, shared_, runtime_, backend_of(config->reactor)));
    workers_.push_back(std::move(worker));
  }
  reactor_name_ = workers_.front()->reactor().backend_name();
  for (const auto& worker : workers_) {
    SLUICE_ASSIGN(const int fd, net::listen_tcp(address, 4096, net::Sharing::kOthers));
    if (port_ == 0) {
      // The first worker's socket settles what port 0 means; the others share it.
      SLUICE_ASSIGN(address, net::local_address(fd));
      port_ = address.port();
    }
    SLUICE_TRY(worker->start(fd));
  }
  for (const auto& [name, database] : runtime_->databases) read_catalog(*database);
  return {};
}

GatewayImpl::~GatewayImpl() {
  for (const auto& worker : workers_) worker->stop();
  // What they have still to tell the workers, nobody hears.
  shared_.analysers.stop();
  for (Background* each : {&shared_.background, &shared_.approving, &shared_.proving,
                           &shared_.secrets, &shared_.agents.counting})
    each->stop();
  if (shared_.desk != nullptr) shared_.desk->forget_all();
  workers_.clear();
}

void GatewayImpl::watch_catalogs(const Runtime& runtime) {
  for (const auto& [name, database] : runtime.databases) {
    if (database->has_catalog()) continue;
    const std::weak_ptr<Database> weak = database;
    auto asking = [this, weak](std::string_view text, CatalogKeeper::Answered done) {
      if (const auto alive = weak.lock()) ask(alive, text, std::move(done));
    };
    auto elsewhere = [this, weak](std::function<void()> task) {
      if (const auto alive = weak.lock()) {
        shared_.background.submit([alive, task = std::move(task)] { task(); });
      }
    };
    database->set_elsewhere([this, weak](std::function<void()> task) {
      if (const auto alive = weak.lock())
        shared_.secrets.submit([alive, task = std::move(task)] { task(); });
    });
    auto drift = [this, weak](const std::vector<catalog::Change>& changes) {
      if (const auto alive = weak.lock())
        record_drift(alive->config(), drift_message(changes), changes);
    };
    database->set_labels(std::make_unique<LabelKeeper>(asking, elsewhere, corrections_of(name)));
    database->set_traits(
        std::make_unique<TraitKeeper>(catalog::traits_query(), std::string_view(), asking, drift),
        servers_.join(database));
    database->set_catalog(
        std::make_unique<CatalogKeeper>(std::move(asking), std::move(elsewhere), std::move(drift)));
    database->catalog().tell([weak](std::shared_ptr<const catalog::Catalog> catalog) {
      const auto alive = weak.lock();
      if (!alive) return;
      alive->labels().follow(catalog);
      alive->traits()->may_have_changed();
      alive->server_traits()->look();
    });
  }
}

void GatewayImpl::ask(const std::shared_ptr<Database>& database, std::string_view text,
                      CatalogKeeper::Answered done) {
  // Somebody else's lock must not hold up everybody.
  std::string query = "SET lock_timeout = '5s'; " + std::string(text);
  workers_.front()->post(
      [database, query = std::move(query), done = std::move(done)](Worker& worker) mutable {
        worker.ask(database, std::move(query), [database, done = std::move(done)](auto answer) {
          if (answer && !answer->empty()) answer->erase(answer->begin());
          done(std::move(answer));
        });
      });
}

void GatewayImpl::record_server_drift(const std::vector<std::shared_ptr<Database>>& databases,
                                      const std::vector<catalog::Change>& changes) {
  std::vector<std::string> names;
  for (const auto& one : databases) names.push_back(one->config().name);
  const auto& config = databases.front()->config();
  record_drift(config, server_drift_message(server_of(config), names, changes), changes);
}

void GatewayImpl::record_drift(const config::DatabaseConfig& config, const std::string& message,
                               const std::vector<catalog::Change>& changes) {
  const std::string details = audit::encode_details(drift_details(changes));
  log::warn("database {}: the schema has changed, and {}", config.name, message);
  audit::SessionContext context;
  context.database = config.name;
  context.environment = config.environment;
  audit::Event event;
  event.type = audit::EventType::kSchemaDrift;
  event.time_micros = wall_micros();
  event.message = message;
  event.details = details;
  if (const auto recorded = shared_.log.append_admin(context, event); !recorded) {
    log::error("schema drift of {} could not be recorded: {}", config.name, recorded.error().text);
  }
}

void GatewayImpl::on_all_workers(const std::function<void(Worker&)>& task) {
  std::mutex mutex;
  std::condition_variable done;
  size_t left = workers_.size();
  for (const auto& worker : workers_) {
    worker->post([&](Worker& self) {
      task(self);
      const std::lock_guard lock(mutex);
      if (--left == 0) done.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return left == 0; });
}

void GatewayImpl::publish(std::shared_ptr<const Runtime> runtime) {
  runtime_ = runtime;
  on_all_workers([&](Worker& worker) { worker.set_runtime(runtime); });
}

Result<> GatewayImpl::reload(std::shared_ptr<const config::Config> config,
                             std::shared_ptr<const policy::Policy> policy) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto runtime, make_runtime(std::move(config), runtime_->directory,
                                           std::move(policy), runtime_.get()));
  watch_catalogs(*runtime);
  publish(std::move(runtime));
  for (const auto& [name, database] : runtime_->databases) read_catalog(*database);
  return {};
}

Result<> GatewayImpl::set_databases(std::shared_ptr<const config::Config> config) {
  // Off the lock: passwords are read, and names of the file's databases resolved.
  const auto before = runtime();
  SLUICE_ASSIGN(auto databases, make_databases(*config, before.get(), Renew::kNewAlone));
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<Runtime>(*runtime_);
  next->databases = std::move(databases);
  next->config = std::move(config);
  watch_catalogs(*next);
  publish(std::move(next));
  for (const auto& [name, database] : runtime_->databases) {
    const auto old = before->databases.find(name);
    if (old != before->databases.end() && old->second == database) continue;
    read_catalog_of_new(database, shared_.background);
  }
  return {};
}

void GatewayImpl::set_directory(std::shared_ptr<const identity::Directory> directory) {
  const std::lock_guard lock(mutex_);
  auto runtime = std::make_shared<Runtime>(*runtime_);
  runtime->directory = std::move(directory);
  publish(std::move(runtime));
}

void GatewayImpl::set_policy(std::shared_ptr<const policy::Policy> policy) {
  const std::lock_guard lock(mutex_);
  auto runtime = std::make_shared<Runtime>(*runtime_);
  runtime->policy = std::move(policy);
  publish(std::move(runtime));
}

std::vector<SessionInfo> GatewayImpl::sessions() {
  std::mutex mutex;
  std::vector<SessionInfo> all;
  on_all_workers([&](Worker& worker) {
    for (const auto& [id, session] : worker.sessions()) {
      SessionInfo info = session->info();
      const std::lock_guard lock(mutex);
      all.push_back(std::move(info));
    }
  });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

Result<> GatewayImpl::kill(uint64_t session_id, const std::string& by_whom) {
  std::atomic<bool> found{false};
  on_all_workers([&](Worker& worker) {
    Session* session = worker.find_session(session_id);
    if (session == nullptr) return;
    found = true;
    session->terminate("57P01", "terminating connection due to administrator command");
  });
  if (!found) {
    return fail(ErrorCode::kNotFound,
                "no session " + std::to_string(session_id) + "; see: sluice session list");
  }
  audit::SessionContext context;
  context.user = by_whom;
  const std::string message = "session " + std::to_string(session_id) + " killed";
  audit::Event event;
  event.type = audit::EventType::kAdmin;
  event.time_micros = wall_micros();
  event.message = message;
  SLUICE_ASSIGN([[maybe_unused]] const auto sequence, shared_.log.append_admin(context, event));
  return {};
}

Stats GatewayImpl::stats() {
  Stats total;
  total.logins_limited_total = shared_.logins_limited.load();
  for (const auto& worker : workers_) {
    const WorkerCounters& c = worker->counters();
    total.connections_total += c.connections.get();
    total.logins_ok_total += c.logins_ok.get();
    total.logins_failed_total += c.logins_failed.get();
    total.logins_in_progress += c.logins_in_progress.get();
    total.statements_allowed_total += c.statements_allowed.get();
    total.statements_denied_total += c.statements_denied.get();
    total.statements_failed_total += c.statements_failed.get();
    total.rows_total += c.rows.get();
    total.masked_values_total += c.masked_values.get();
    total.bytes_from_clients_total += c.bytes_from_clients.get();
    total.bytes_to_clients_total += c.bytes_to_clients.get();
    total.cancels_total += c.cancels.get();
    total.analysis_cache_hits_total += c.cache_hits.get();
    total.analysis_cache_misses_total += c.cache_misses.get();
    total.sessions += c.sessions.get();
    total.server_connections_active += c.servers_active.get();
    total.server_connections_idle += c.servers_idle.get();
    total.waiting_for_server += c.waiting_for_server.get();
    total.server_connects_total += c.server_connects.get();
    total.server_connect_failures_total += c.server_connect_failures.get();
  }
  return total;
}

Result<std::shared_ptr<Database>> GatewayImpl::find_database(const std::string& name) {
  const auto current = runtime();
  const auto found = current->databases.find(name);
  if (found == current->databases.end()) {
    return fail(ErrorCode::kNotFound, "no database \"" + name + "\" in the configuration");
  }
  return found->second;
}

Result<policy::Target> GatewayImpl::target(const std::string& database) {
  SLUICE_ASSIGN(const auto found, find_database(database));
  return policy::Target{found->config().name, found->config().environment};
}

std::vector<std::string> GatewayImpl::databases() {
  std::vector<std::string> names;
  for (const auto& [name, database] : runtime()->databases) names.push_back(name);
  return names;
}

Result<std::shared_ptr<const privacy::Labels>> GatewayImpl::labels(const std::string& database) {
  constexpr auto kLongest = std::chrono::seconds(30);
  SLUICE_ASSIGN(const auto found, find_database(database));
  SLUICE_ASSIGN(const auto catalog, catalog_of(*found));
  std::vector<catalog::Oid> relations;
  for (const auto& relation : catalog->relations()) relations.push_back(relation.oid);
  const auto deadline = Clock::now() + kLongest;
  while (Clock::now() < deadline) {
    auto known = std::make_shared<std::promise<bool>>();
    auto told = known->get_future();
    found->labels().when_known(
        catalog, relations, [known](bool all) { known->set_value(all); }, false);
    if (told.wait_until(deadline) == std::future_status::ready && told.get()) break;
  }
  return found->labels().current();
}

void GatewayImpl::set_corrections(Corrections corrections) {
  const std::lock_guard lock(mutex_);
  corrections_ = std::move(corrections);
  for (const auto& [name, database] : runtime_->databases)
    database->labels().set_corrections(corrections_of(name));
}

Result<policy::Understood> GatewayImpl::understand(const std::string& database,
                                                   std::string_view text) {
  SLUICE_ASSIGN(const auto found, find_database(database));
  return gateway::understand(*found, shared_.analysers, text);
}

Result<> GatewayImpl::ask_server(const std::string& database, bool changes_schema,
                                 const std::function<Result<>(Asking&)>& work) {
  SLUICE_ASSIGN(const auto found, find_database(database));
  SLUICE_ASSIGN(const auto asking, Asking::connect(found->config()));
  if (!changes_schema) return work(*asking);
  const OwnChange ours(*found);
  return work(*asking);
}

Result<FreshState> GatewayImpl::fresh_state(const std::string& database) {
  SLUICE_ASSIGN(const auto found, find_database(database));
  return gateway::fresh_state(found->config());
}

Result<std::vector<Foreseen>> GatewayImpl::foresee(const std::string& database,
                                                   const WantedScript& script) {
  SLUICE_ASSIGN(const auto found, find_database(database));
  return gateway::foresee(found->config(), script);
}

Result<std::string> GatewayImpl::check_database(const std::string& name) {
  SLUICE_ASSIGN(const auto database, find_database(name));
  SLUICE_TRY(database->refresh_addresses());
  const auto started = Clock::now();
  auto asking = reach(database);
  if (!asking) return fail(std::move(asking.error().error));
  return describe_server(**asking, Clock::now() - started);
}

void GatewayImpl::drain() {
  shared_.draining = true;
  on_all_workers([](Worker& worker) {
    worker.stop_accepting();
    std::vector<Session*> sessions;
    for (const auto& [id, session] : worker.sessions()) sessions.push_back(session.get());
    for (Session* session : sessions) session->drain();
  });
  const auto deadline = Clock::now() + runtime_->config->limits.drain_timeout;
  while (open_sessions() > 0 && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  on_all_workers([](Worker& worker) {
    std::vector<Session*> sessions;
    for (const auto& [id, session] : worker.sessions()) sessions.push_back(session.get());
    for (Session* session : sessions) session->terminate("57P01", "the gateway is shutting down");
  });
}

}  // namespace

unsigned Gateway::worker_count(const config::Config& config) {
  if (config.workers > 0) return config.workers;
  cpu_set_t cpus;
  return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? static_cast<unsigned>(CPU_COUNT(&cpus))
                                                       : 1U;
}

Result<std::unique_ptr<Gateway>> Gateway::start(
    std::shared_ptr<const config::Config> config,
    std::shared_ptr<const identity::Directory> directory,
    std::shared_ptr<const policy::Policy> policy, const SecretString& secret, audit::Log& log,
    Corrections corrections, approval::Desk* desk, undo::UndoStore* undo) {
  auto gateway = std::make_unique<GatewayImpl>(log, desk, undo);
  SLUICE_TRY(gateway->start(std::move(config), std::move(directory), std::move(policy), secret,
                            std::move(corrections)));
  return gateway;
}

}  // namespace sluice::gateway
