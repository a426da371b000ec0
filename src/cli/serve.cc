#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <signal.h>
#include <sodium.h>
#include <sys/resource.h>

#include "access/keeper.h"
#include "approval/desk.h"
#include "audit/admin_events.h"
#include "audit/legal_holds.h"
#include "audit/log.h"
#include "audit/upkeep.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/onward_clock.h"
#include "change/changes.h"
#include "cli/check_config.h"
#include "cli/commands.h"
#include "cli/configuration_record.h"
#include "cli/file_watch.h"
#include "cli/log_options.h"
#include "cli/notify_systemd.h"
#include "config/config.h"
#include "control/api.h"
#include "control/large_bodies.h"
#include "control/ldap_watch.h"
#include "gateway/correction_keeper.h"
#include "gateway/database_keeper.h"
#include "gateway/gateway.h"
#include "gateway/policy_keeper.h"
#include "gateway/policy_proposals.h"
#include "identity/credential_store.h"
#include "identity/expiry_watch.h"
#include "identity/grant_store.h"
#include "identity/user_store.h"
#include "outside/tellers.h"
#include "store/state.h"
#include "stream/anchors.h"
#include "stream/streams.h"

namespace sluice::cli {
namespace {

/// For the anchors to take the checkpoint that has closed the log.
constexpr auto kLastPush = std::chrono::seconds(5);

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Result<audit::Upkeep::Options> upkeep_options(const config::Config& config) {
  SLUICE_ASSIGN(auto rules, audit::retention_rules(config.audit.retention));
  return audit::Upkeep::Options{config.audit.archive_after, std::move(rules),
                                config.audit.retention_at};
}

Result<> record_life_cycle(audit::Log& log, audit::EventType type, const std::string& message) {
  audit::Event event;
  event.type = type;
  event.time_micros = wall_micros();
  event.message = message;
  SLUICE_ASSIGN([[maybe_unused]] const auto sequence, log.append_admin({}, event));
  return {};
}

/// The gateway with all that belongs to it, from start to stop.
class Service {
 public:
  explicit Service(config::Config config)
      : config_(std::make_shared<const config::Config>(std::move(config))) {}

  Result<> start() {
    SLUICE_ASSIGN(auto local, store::open_local(config_->state));
    local_store_ = std::make_unique<store::Database>(std::move(local));
    SLUICE_ASSIGN(name_, store::gateway_name(*local_store_));
    SLUICE_ASSIGN(auto database, store::open_state(*config_));
    database_ = std::make_unique<store::Database>(std::move(database));
    SLUICE_ASSIGN(
        log_, audit::Log::open(log_options(*config_), gateway::Gateway::worker_count(*config_)));
    SLUICE_TRY(record_changes());
    SLUICE_TRY(record_life_cycle(*log_, audit::EventType::kGatewayStart,
                                 fmt::format("sluice {}", control::kVersion)));
    // The version first: what changes while it is read is read again.
    SLUICE_ASSIGN(version_, database_->data_version());
    SLUICE_ASSIGN(auto directory, identity::load_directory(*database_));
    looked_ = Clock::now();
    // Before it is read: what is written from now on is a change.
    (void)policy_file_.changed(config_->policy.file);
    SLUICE_ASSIGN(auto policies, store::open_state(*config_));
    SLUICE_ASSIGN(policies_, gateway::PolicyKeeper::open(std::move(policies), config_->policy));
    SLUICE_ASSIGN(auto corrections, store::open_state(*config_));
    SLUICE_ASSIGN(corrections_, gateway::CorrectionKeeper::open(std::move(corrections)));
    SLUICE_ASSIGN(auto databases, store::open_state(*config_));
    SLUICE_ASSIGN(databases_, gateway::DatabaseKeeper::open(std::move(databases), config_));
    SLUICE_ASSIGN(auto approvals, store::open_state(*config_));
    SLUICE_ASSIGN(desk_, approval::Desk::open(std::move(approvals), directory));
    proposals_ = std::make_unique<gateway::PolicyProposals>(*desk_, *policies_);
    SLUICE_ASSIGN(auto undo, store::open_state(*config_));
    SLUICE_ASSIGN(undo_, undo::UndoStore::open(std::move(undo), config_->state / "undo.key"));
    SLUICE_ASSIGN(auto secret, store::installation_secret(*database_));
    secret_ = SecretString(secret);
    SLUICE_TRY(record_configuration(*log_, *config_, secret, [] { return Result<>(); }));
    SLUICE_ASSIGN(gateway_, gateway::Gateway::start(
                                databases_->in_force(), std::move(directory),
                                policies_->in_force().policy, SecretString(std::move(secret)),
                                *log_, corrections_->in_force(), desk_.get(), undo_.get()));
    desk_->follow([this] { return gateway_->directory(); });
    SLUICE_ASSIGN(auto grants, store::open_state(*config_));
    SLUICE_ASSIGN(keeper_, access::Keeper::open(std::move(grants), *desk_,
                                                [this] { return surroundings(); }));
    SLUICE_ASSIGN(auto changes, store::open_state(*config_));
    SLUICE_ASSIGN(changes_,
                  change::Changes::open(
                      std::make_unique<change::ChangeStore>(std::move(changes), log_->key().name),
                      *gateway_, *desk_, config_->listen_postgres.host));
    changes_->set_vouching({config_->attesters, config_->tickets});
    SLUICE_ASSIGN(streams_,
                  stream::Streams::start(config_->audit.streams,
                                         {config_->state, control::kVersion, [log = log_.get()] {
                                            return log->health().last_sequence;
                                          }}));
    SLUICE_ASSIGN(anchors_, stream::Anchors::start(
                                config_->audit.anchors,
                                {config_->state / "audit", [log = log_.get()](auto& text) {
                                   (void)record_life_cycle(*log, audit::EventType::kEvidence, text);
                                 }}));
    SLUICE_TRY(start_webhooks());
    SLUICE_TRY(start_upkeep());
    return start_control();
  }

  /// Until SIGTERM or SIGINT.
  void run(const sigset_t& signals) {
    log::info("ready: PostgreSQL clients on {}:{}, {} database(s), {} worker(s), {}",
              config_->listen_postgres.host, gateway_->port(), gateway_->databases().size(),
              gateway::Gateway::worker_count(*config_), gateway_->reactor_name());
    notify_systemd("READY=1");
    (void)proposals_->look(*gateway_);  // It has told what is wrong, as below.
    for (;;) {
      const timespec tick{0, 250'000'000};
      const int signal = sigtimedwait(&signals, nullptr, &tick);
      if (signal == SIGTERM || signal == SIGINT) break;
      if (signal == SIGHUP) reload();
      watch_store();
      if (!away_) look_at_grants();
      watch_policy();
      note_uses(false);
    }
  }

  void stop() {
    log::info(
        "draining for at most {} s",
        std::chrono::duration_cast<std::chrono::seconds>(config_->limits.drain_timeout).count());
    notify_systemd("STOPPING=1");
    changes_->stop();
    gateway_->drain();
    api_->stop();
    directories_->stop();
    note_uses(true);
    control_->stop();
    local_->stop();
    api_.reset();
    webhooks_.reset();
    keeper_.reset();
    changes_.reset();
    gateway_.reset();
    if (const auto recorded = record_changes(); !recorded) {
      log::error("administrative changes not recorded yet: {}", recorded.error().text);
    }
    upkeep_->stop();
    streams_->stop();  // What is not out yet is sent at the next start.
    // Last: the checkpoint that closes the log is to be the first that covers it.
    if (const auto recorded = record_life_cycle(*log_, audit::EventType::kGatewayStop, "");
        !recorded) {
      log::error("{}", recorded.error().text);
    }
    log_->close();
    anchors_->finish(kLastPush);
    log::info("stopped");
  }

 private:
  Result<> start_webhooks() {
    SLUICE_ASSIGN(const auto secret, store::installation_secret(*database_));
    const auto digest = sha256("webhooks of " + secret);
    constexpr size_t kShown = 8;
    webhooks_ = std::make_unique<outside::Tellers>(
        outside::Surroundings{[config = config_] { return store::open_state(*config); },
                              [gateway = gateway_.get()] { return gateway->directory(); }, name_,
                              to_hex({digest.data(), kShown})});
    return webhooks_->run(config_->webhooks, config_->api.url);
  }

  Result<> start_upkeep() {
    SLUICE_ASSIGN(auto options, upkeep_options(*config_));
    upkeep_ = std::make_unique<audit::Upkeep>(
        config_->state / "audit", std::move(options),
        audit::Upkeep::callbacks_of(*log_,
                                    [config = config_]() -> Result<std::vector<audit::LegalHold>> {
                                      SLUICE_ASSIGN(auto store, store::open_state(*config));
                                      return audit::load_holds(store);
                                    }));
    return {};
  }

  Result<> start_control() {
    control_ = control::HttpServer::create();
    api_ = std::make_unique<control::Api>(
        *gateway_, *log_, *policies_, *corrections_, config_->state / "audit",
        [config = config_] { return store::open_state(*config); });
    api_->set_databases(*databases_);
    api_->set_proposals(*proposals_);
    api_->set_webhooks(*webhooks_, *desk_,
                       [config = config_] { return store::open_state(*config); });
    api_->set_undo(std::make_unique<control::UndoApi>(*gateway_, *desk_, *undo_));
    api_->set_work(*desk_, *changes_, *keeper_);
    if (!config_->audit.witness.empty()) {
      SLUICE_ASSIGN(auto witness, control::WitnessApi::open(config_->state, config_->audit.witness,
                                                            config_->audit.watched, *log_));
      api_->set_witness(std::move(witness));
    }
    SLUICE_ASSIGN(auto login, control::LoginApi::open(*gateway_, *log_, config_));
    SLUICE_ASSIGN(auto identity, control::OidcApi::open(*gateway_, *log_, config_));
    api_->set_login(std::move(login), std::move(identity));
    SLUICE_TRY(load_console());
    SLUICE_ASSIGN(auto scim, control::ScimApi::open(*gateway_, *log_, config_));
    api_->set_scim(std::move(scim));
    SLUICE_ASSIGN(directories_, control::LdapWatch::start(config_));
    SLUICE_ASSIGN(auto agents, control::AgentApi::open(*gateway_, *log_, *config_));
    api_->set_agents(std::move(agents));
    api_->set_mcp(std::make_unique<control::McpApi>(
        *gateway_, config_, api_->identity(), api_->agents().prompts(),
        [this](const auto& request) { return api_->answer_public(request); },
        [this](const auto& request) { return api_->answer_local(request); }));
    api_->watch(*streams_);
    api_->watch(*anchors_);
    api_->set_upkeep(*upkeep_);
    if (config_->listen_http) {
      SLUICE_TRY(use_tls());
      control::admit_large(*control_, [this](const auto& request) { return api_->knows(request); });
      SLUICE_ASSIGN(
          const uint16_t port,
          control_->listen(config_->listen_http->host, config_->listen_http->port,
                           [this](const auto& request) { return api_->answer_public(request); }));
      log::info("HTTP on {}:{}", config_->listen_http->host, port);
    }
    control_->start();
    // A thread of its own: what it is asked may take long, and /healthz must not wait.
    local_ = control::HttpServer::create();
    SLUICE_TRY(local_->listen(control::control_socket(config_->state),
                              [this](const auto& request) { return api_->answer_local(request); }));
    local_->start();
    return {};
  }

  Result<> load_console() {
    const auto folder = control::ConsoleFiles::find(config_->api.console);
    if (!config_->listen_http || folder.empty()) return {};
    SLUICE_ASSIGN(auto console, control::ConsoleFiles::load(folder));
    api_->set_console(std::move(console));
    return {};
  }

  Result<> use_tls() {
    control_->share_addresses(config_->identity.behind_tls);
    if (!config_->listen_http || !config_->tls.enabled()) return {};
    return control_->use_tls(config_->tls.certificate, config_->tls.key);
  }

  void reload() {
    notify_systemd("RELOADING=1");
    if (const auto done = load_anew(); !done) {
      log::error("configuration not reloaded, the old one stays:\n{}", done.error().text);
    } else {
      (void)record_life_cycle(*log_, audit::EventType::kAdmin, "configuration reloaded");
      log::info("configuration reloaded");
    }
    notify_systemd("READY=1");
  }

  /// An error: the old one stays.
  Result<> load_anew() {
    SLUICE_ASSIGN(auto loaded, config::load(config_->file));
    const auto config = std::make_shared<const config::Config>(std::move(loaded));
    SLUICE_TRY(check_config(*config, Wanted::kReload));
    SLUICE_ASSIGN(auto upkeep, upkeep_options(*config));
    SLUICE_TRY(record_configuration(*log_, *config, secret_.reveal(), [&] {
      return databases_->reload(config,
                                [this](auto all) { return policies_->reload(*gateway_, all); });
    }));
    upkeep_->reload(std::move(upkeep));
    take_over(config);
    return {};
  }

  /// What runs beside sessions: where some of it does not start, the others do.
  void take_over(std::shared_ptr<const config::Config> config) {
    if (const auto running = streams_->reload(config->audit.streams); !running)
      log::error("not all streams run: {}", running.error().text);
    if (const auto running = webhooks_->run(config->webhooks, config->api.url); !running)
      log::error("not all webhooks run: {}", running.error().text);
    if (const auto running = anchors_->reload(config->audit.anchors); !running)
      log::error("not all anchors run: {}", running.error().text);
    if (const auto taken = api_->identity()->set_config(config); !taken)
      log::error("identity providers not reloaded: {}", taken.error().text);
    changes_->set_vouching({config->attesters, config->tickets});
    config_ = std::move(config);
    api_->mcp()->set_config(config_);
    if (const auto taken = use_tls(); !taken) log::error("{}", taken.error().text);
    if (api_->login() != nullptr) api_->login()->set_config(config_);
    api_->scim()->set_config(config_);
    directories_->set_config(*config_);
  }

  /// What the command line and the store's users have left for the record. Words about this
  /// gateway's own log are in its own store.
  Result<> record_changes() {
    SLUICE_TRY(audit::record_admin_events(*local_store_, *log_, name_));
    if (!config_->store.shared()) return {};
    return audit::record_admin_events(*database_, *log_, name_);
  }

  /// Takes over what has been changed in the store, by whomever.
  void watch_store() {
    if (const auto looked = look_at_store(); !looked) {
      store_is_away(looked.error().text);
      return;
    }
    if (away_) log::info("the store can be used again");
    away_ = false;
    looked_ = Clock::now();
  }

  Result<> look_at_store() {
    if (gateway_->directory()->somebody_ended(wall_micros())) {
      const auto ended = identity::UserStore(*database_, "gateway").disable_ended(wall_micros());
      if (!ended) log::error("not disabled whose time is over: {}", ended.error().text);
    }
    const auto over = expiries_.over(*gateway_->directory(), wall_micros(), clock_.now());
    if (!over.empty()) SLUICE_TRY(identity::end_by_time(*database_, over));
    SLUICE_ASSIGN(const int64_t local, local_store_->data_version());
    SLUICE_ASSIGN(const int64_t version, database_->data_version());
    const bool changed = version != version_ || lost_ || !over.empty();
    if (const auto kept = corrections_->keep_copies(*gateway_); !kept)
      log::error("classes of copied columns not kept: {}", kept.error().text);
    const auto load = [this] { return identity::load_directory(*database_); };
    // Who is gone is gone before it is written down.
    if (changed) SLUICE_TRY(gateway_->renew_directory(load));
    if (changed || std::exchange(local_version_, local) != local || Clock::now() > next_recording_)
      record_changes_or_later();
    if (!changed) {
      proposals_->look_again(*gateway_);
      return {};
    }
    lost_ = false;
    // Again in a moment, if anything goes wrong before here.
    version_ = version;
    if (const auto taken = corrections_->refresh(*gateway_); !taken) {
      log::error("corrections of columns not reloaded: {}", taken.error().text);
    }
    if (const auto taken = databases_->refresh(*gateway_); !taken)
      log::error("databases not taken over: {}", taken.error().text);
    // One saved past this gateway; those that went through its API are in force already.
    if (config_->policy.from_store()) refresh_policy();
    (void)proposals_->look(*gateway_);
    return {};
  }

  /// Also every now and then: another gateway may have left something behind.
  void record_changes_or_later() {
    const auto recorded = record_changes();
    next_recording_ = Clock::now() + std::chrono::seconds(recorded ? 60 : 5);
    if (!recorded) log::error("administrative changes not recorded yet: {}", recorded.error().text);
  }

  /// For a while what was read last counts; then nobody is let in any more, and nobody stays.
  void store_is_away(const std::string& why) {
    if (!std::exchange(away_, true)) log::error("{}", why);
    if (lost_ || Clock::now() - looked_ < config_->store.grace) return;
    lost_ = true;
    log::error("the store has been away for too long: sessions end, and nobody can log in");
    gateway_->set_directory(identity::Directory::lost("the gateway cannot reach its store"));
  }

  /// Not with every login: each writing makes other gateways on the store look at it anew.
  void note_uses(bool now) {
    if (!now && Clock::now() < next_use_note_) return;
    next_use_note_ = Clock::now() + std::chrono::seconds(30);
    const auto uses = gateway_->take_uses();
    if (!uses.any()) return;
    if (const auto noted = note(uses); !noted)
      log::warn("when credentials and grants were used is not noted: {}", noted.error().text);
  }

  Result<> note(const gateway::Uses& uses) {
    SLUICE_TRY(identity::CredentialStore(*database_, "gateway").used(uses.credentials));
    SLUICE_TRY(identity::UserStore(*database_, "gateway").logged_in(uses.users));
    return identity::GrantStore(*database_).used(uses.grants);
  }

  access::Surroundings surroundings() {
    access::Surroundings out{
        gateway_->directory(), gateway_->policy(), {}, config_->store.shared()};
    for (const auto& name : gateway_->databases()) {
      if (const auto target = gateway_->target(name))
        out.environments.emplace(name, target->environment);
    }
    return out;
  }

  /// Takes what has been approved, and ends what is over; what it changes is in force as soon as
  /// the store is looked at.
  void look_at_grants() {
    const auto looked = keeper_->look();
    if (!looked && !grants_failed_)
      log::error("grants cannot be looked after: {}", looked.error().text);
    grants_failed_ = !looked;
  }

  /// A policy file that has been changed decides at once; one that cannot be taken changes nothing.
  void watch_policy() {
    const auto& file = config_->policy.file;
    if (!file.empty() && policy_file_.changed(file)) refresh_policy();
  }

  void refresh_policy() {
    const auto changed = policies_->refresh(*gateway_);
    if (!changed) {
      log::error("policy not reloaded, the old one stays:\n{}", changed.error().text);
      return;
    }
    if (!*changed) return;
    const std::string version = policies_->in_force().policy->version();
    (void)record_life_cycle(*log_, audit::EventType::kAdmin, "policy reloaded: " + version);
    log::info("policy reloaded: {}", version);
  }

  std::shared_ptr<const config::Config> config_;
  FileWatch policy_file_;
  std::unique_ptr<store::Database> local_store_, database_;
  std::string name_;     ///< among the gateways that share the store
  SecretString secret_;  ///< of the installation
  std::unique_ptr<audit::Log> log_;
  std::unique_ptr<gateway::PolicyKeeper> policies_;
  std::unique_ptr<gateway::CorrectionKeeper> corrections_;
  std::unique_ptr<gateway::DatabaseKeeper> databases_;
  std::unique_ptr<approval::Desk> desk_;
  std::unique_ptr<gateway::PolicyProposals> proposals_;
  std::unique_ptr<undo::UndoStore> undo_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<access::Keeper> keeper_;
  std::unique_ptr<change::Changes> changes_;
  std::unique_ptr<outside::Tellers> webhooks_;  ///< after the gateway, whose directory they read
  std::unique_ptr<stream::Streams> streams_;
  std::unique_ptr<stream::Anchors> anchors_;
  std::unique_ptr<audit::Upkeep> upkeep_;
  std::unique_ptr<control::Api> api_;
  std::unique_ptr<control::LdapWatch> directories_;
  std::unique_ptr<control::HttpServer> control_, local_;
  int64_t version_ = 0, local_version_ = 0;  ///< of the stores, as they were looked at last
  Clock::time_point looked_{}, next_recording_{};
  bool away_ = false;  ///< the store cannot be read
  identity::ExpiryWatch expiries_;
  OnwardClock clock_;
  bool lost_ = false;  ///< and has not been for too long
  Clock::time_point next_use_note_{};
  bool grants_failed_ = false;  ///< said once
};

}  // namespace

Result<> serve(const Common& common) {
  SLUICE_ASSIGN(auto config, config::load(common.config_file));
  init_log(config.log_level, config.log_json);
  SLUICE_TRY(check_config(config, Wanted::kStart));
  raise_file_limit();
  // Signals are waited for here; every thread started from now on has them blocked.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  // A file that may not grow is an error like a full disk.
  signal(SIGXFSZ, SIG_IGN);
  Service service(std::move(config));
  SLUICE_TRY(service.start());
  service.run(signals);
  service.stop();
  return {};
}

}  // namespace sluice::cli
