#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "config/anchors.h"
#include "config/api.h"
#include "config/attesters.h"
#include "config/identity.h"
#include "config/models.h"
#include "config/password_source.h"
#include "config/retention.h"
#include "config/server_identity.h"
#include "config/streams.h"
#include "config/tickets.h"
#include "config/webhooks.h"
#include "tlog/note.h"

namespace sluice::config {

struct HostPort {
  std::string host;
  uint16_t port = 0;
};

/// libpq's sslmode values (PostgreSQL documentation, "SSL Support").
enum class SslMode : uint8_t { kDisable, kAllow, kPrefer, kRequire, kVerifyCa, kVerifyFull };

/// Reads durations such as 500ms, 30s, 10m, 2h, 7d.
struct PoolConfig {
  unsigned size = 50;  ///< server connections over all workers
  Duration idle_timeout = std::chrono::minutes(10);
  Duration wait_timeout = std::chrono::seconds(30);  ///< for a free connection, then SQLSTATE 53300
  Duration connect_timeout = std::chrono::seconds(10);
};

struct DatabaseConfig {
  std::string name;         ///< what clients put in dbname
  std::string environment;  ///< free text; "production" turns the guardrails on
  // from url:
  std::string host;  ///< name, address, or absolute path of a socket folder
  uint16_t port = 5432;
  std::string server_database;
  SslMode sslmode = SslMode::kPrefer;
  std::string sslrootcert, sslcert, sslkey;
  bool channel_binding_required = false;
  /// What the server may ask for: "scram-sha-256", "md5", "password", "none". Empty: all of it that
  /// gives the password to nobody who listens.
  std::vector<std::string> require_auth;
  std::string user;
  SecretString password;  ///< as read with the configuration; later ones: Database::password
  PasswordSource password_source;
  PoolConfig pool;
  bool allow_function_call = false;  ///< let FunctionCall ('F') messages through
  bool masking = true;               ///< hide what is sensitive from whom no rule shows it
  bool stamp_writes = false;         ///< say in the server's WAL which transactions came from here
  ServerIdentityConfig identity;     ///< what the server is told of who somebody is
};

/// Where state is kept that several gateways share; without it, each keeps its own in `state`.
struct StoreConfig {
  DatabaseConfig server;  ///< a PostgreSQL server: host, port, server_database, TLS, user, password
  std::string schema = "sluice";
  std::string password_file;  ///< read at each connection, so that the password can change
  /// For how long what was read last counts while the store cannot be reached.
  Duration grace = std::chrono::minutes(1);

  bool shared() const { return !server.host.empty(); }
  /// From the file, or as the configuration was read.
  Result<SecretString> current_password() const;
};

struct TlsConfig {
  std::string certificate, key;
  bool required = false;
  bool client_certificates = true;  ///< ask clients for one; who has none logs in otherwise
  bool enabled() const { return !certificate.empty(); }
};

enum class Durability : uint8_t { kProcess, kDisk };

struct AuditConfig {
  Durability durability = Durability::kProcess;
  size_t segment_bytes = 64UL << 20;
  size_t text_limit = 16 << 10;
  size_t parameters_limit = 4 << 10;
  std::string origin;  ///< what the log calls itself; empty: made up when it begins
  /// File of its Ed25519 key, or its URI in a token (tlog/pkcs11_key.h); empty: made in the state
  /// folder. `next_key`: which takes over when it is changed; empty: one that is made in a file.
  std::string key, next_key;
  Duration checkpoint_interval = std::chrono::seconds(1);
  std::string witness;  ///< the name under which this gateway cosigns others' logs, if it does
  std::vector<tlog::VerifierKey> watched;  ///< those logs' keys
  size_t low_water = size_t{1} << 30;      ///< free bytes on its disk below which /readyz warns
  std::vector<StreamConfig> streams;       ///< where records go besides the log
  std::vector<AnchorConfig> anchors;       ///< who keeps its signed checkpoints
  /// When a segment that is complete is compressed; nothing: never.
  std::optional<Duration> archive_after = std::chrono::hours(1);
  std::vector<RetentionConfig> retention;  ///< what is kept for how long; all else for ever
  std::optional<int> retention_at;         ///< minute of the day (UTC) at which what is over goes
};

/// When failed logins are slowed down (gateway/login_limits.h).
struct LoginLimits {
  unsigned failures = 10;              ///< of one user from one source, before each next waits
  unsigned failures_per_source = 100;  ///< of all users from one source
  unsigned failures_per_user = 100;    ///< of one user from all sources
  Duration backoff = std::chrono::seconds(1);  ///< the first wait, which doubles
  Duration longest_backoff = std::chrono::minutes(5);
  Duration window = std::chrono::minutes(15);  ///< without a failure, and all are forgotten
};

struct LimitsConfig {
  LoginLimits logins;
  size_t statement_bytes = 16UL << 20;  ///< longest text that is analysed; longer is refused
  size_t cache_bytes = 64UL << 20;      ///< analysis cache of one worker
  unsigned max_sessions = 10'000;
  /// With how many values somebody may compare columns that are masked for them.
  unsigned masked_comparisons = 30;  ///< in a statement
  unsigned masked_comparisons_per_minute = 300;
  unsigned max_logins_in_progress = 1'000;  ///< before authentication, over all sources
  unsigned max_logins_in_progress_per_source = 100;
  Duration login_timeout = std::chrono::seconds(30);
  Duration drain_timeout = std::chrono::seconds(30);
};

/// Which rules decide: those of a file, or of a shipped profile. Where neither is given, those kept
/// in the store, and until some are, the profile "standard".
struct PolicyConfig {
  std::string file;
  std::string profile;  ///< "agents", "observe", "standard", "strict"; without a file
  /// Groups of whom somebody else has to approve what is saved in the store; empty: it counts at
  /// once.
  std::vector<std::string> approve_by = {};
  bool from_store() const { return file.empty() && profile.empty(); }
};

enum class ReactorBackend : uint8_t { kAuto, kUring, kEpoll };

struct Config {
  std::filesystem::path file;
  std::string text;  ///< of `file`, as it was read: by now another one may lie there
  HostPort listen_postgres{"127.0.0.1", 6432};
  std::optional<HostPort> listen_http;
  TlsConfig tls;
  std::filesystem::path state;
  StoreConfig store;
  unsigned workers = 0;  ///< 0 = one per core
  ReactorBackend reactor = ReactorBackend::kAuto;
  std::string log_level = "info";
  bool log_json = false;
  bool demo = false;  ///< allows literal passwords; set only by `demo: true`
  AuditConfig audit;
  LimitsConfig limits;
  PolicyConfig policy;
  ApiConfig api;
  IdentityConfig identity;
  std::vector<AttesterConfig> attesters;    ///< who vouches that tests have passed
  std::vector<TicketSystemConfig> tickets;  ///< who says in which state a ticket is
  std::vector<ModelConfig> models;          ///< that agents reach through here
  std::vector<WebhookConfig> webhooks;      ///< who is told of requests, and may answer
  std::vector<DatabaseConfig> databases;
};

/// Reads and checks one YAML file. Every problem found is reported, one a line, as
/// "file:line:column: what is wrong; what was expected". Relative paths count from the file's
/// folder. Secrets (password_file, password_env) are resolved when `resolve_secrets`.
Result<Config> load(const std::filesystem::path& file, bool resolve_secrets = true);

}  // namespace sluice::config
