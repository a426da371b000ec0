#include "config/config.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "config/anchor_reader.h"
#include "config/api_reader.h"
#include "config/attester_reader.h"
#include "config/identity_reader.h"
#include "config/model_reader.h"
#include "config/password_source_reader.h"
#include "config/places.h"
#include "config/retention_reader.h"
#include "config/secrets.h"
#include "config/server_identity_reader.h"
#include "config/store_reader.h"
#include "config/stream_reader.h"
#include "config/ticket_reader.h"
#include "config/units.h"
#include "config/webhook_reader.h"
#include "tlog/pkcs11_key.h"
#include "yaml/reader.h"

namespace sluice::config {
namespace {

using yaml::MapReader;
using yaml::Problems;

constexpr size_t kMaxFile = 1 << 20;

class Loader {
 public:
  Loader(const std::filesystem::path& file, bool resolve_secrets)
      : problems_(file.string()), secrets_{file.parent_path(), resolve_secrets, false} {
    config_.file = file;
  }

  Result<Config> load(const std::string& text) {
    config_.text = text;
    try {
      const YAML::Node root = yaml::load_document(text, problems_);
      if (!problems_.any()) read(root);
    } catch (const YAML::Exception& error) {
      problems_.add(error.mark, error.msg);
    }
    if (problems_.any()) return fail(ErrorCode::kInvalidInput, problems_.text());
    return std::move(config_);
  }

  const yaml::Places& places() const { return problems_.places(); }

 private:
  std::string path(const std::string& text) const { return secrets_.path(text); }

  void read(const YAML::Node& root) {
    if (!root.IsMap()) {
      problems_.add(root.Mark(), "expected a mapping with listen, state and databases");
      return;
    }
    MapReader top(root, "the configuration", problems_);
    top.boolean("demo", config_.demo);
    secrets_.allow_literal = config_.demo;
    top.map("listen", [&](MapReader& listen) {
      listen.parsed("postgres", config_.listen_postgres, parse_host_port);
      HostPort http;
      listen.parsed("http", http, parse_host_port);
      if (listen.has("http")) config_.listen_http = http;
    });
    top.map("tls", [&](MapReader& tls) { read_tls(tls); });
    std::string state;
    if (top.scalar("state", state, true)) config_.state = path(state);
    read_store(top, secrets_, config_.store);
    top.number("workers", config_.workers, 0, 256);
    top.one_of("reactor", {"auto", "io_uring", "epoll"},
               [&](size_t i) { config_.reactor = static_cast<ReactorBackend>(i); });
    top.map("log", [&](MapReader& log) {
      static const std::vector<std::string> levels = {"trace", "debug", "info", "warn", "error"};
      log.one_of("level", levels, [&](size_t i) { config_.log_level = levels[i]; });
      log.one_of("format", {"text", "json"}, [&](size_t i) { config_.log_json = i == 1; });
    });
    top.map("audit", [&](MapReader& audit) { read_audit(audit); });
    top.map("limits", [&](MapReader& limits) { read_limits(limits); });
    top.map("policy", [&](MapReader& policy) {
      std::string file;
      if (policy.scalar("file", file)) config_.policy.file = path(file);
      static const std::vector<std::string> profiles = {"agents", "observe", "standard", "strict"};
      policy.one_of("profile", profiles, [&](size_t i) {
        if (!file.empty()) policy.problem("profile", "give only one of file and profile");
        config_.policy.profile = profiles[i];
      });
      policy.list("approve_by", [&](const yaml::Item& item) -> std::string {
        config_.policy.approve_by.push_back(item.text);
        return item.text.empty() ? "expected the name of a group" : "";
      });
      if (!config_.policy.approve_by.empty() && !config_.policy.from_store())
        policy.problem("approve_by",
                       "is for the policy in the store alone; remove file and profile");
    });
    read_api(top, secrets_, config_.api);
    read_identity(top, secrets_, config_.identity);
    read_attesters(top, secrets_, config_.attesters);
    read_tickets(top, secrets_, config_.tickets);
    read_models(top, secrets_, config_.models);
    read_webhooks(top, secrets_, config_.webhooks);
    read_databases(top);
  }

  void read_tls(MapReader& tls) {
    std::string file;
    if (tls.scalar("certificate", file)) config_.tls.certificate = path(file);
    if (tls.scalar("key", file)) config_.tls.key = path(file);
    tls.boolean("required", config_.tls.required);
    tls.boolean("client_certificates", config_.tls.client_certificates);
    if (config_.tls.certificate.empty() != config_.tls.key.empty()) {
      tls.problem("certificate", "certificate and key belong together");
    }
    if (config_.tls.required && !config_.tls.enabled()) {
      tls.problem("required", "TLS cannot be required without certificate and key");
    }
  }

  void read_audit(MapReader& audit) {
    audit.one_of("durability", {"process", "disk"},
                 [&](size_t i) { config_.audit.durability = static_cast<Durability>(i); });
    size("segment_size", audit, config_.audit.segment_bytes, 1 << 20, size_t{1} << 30);
    size("text_limit", audit, config_.audit.text_limit, 256, 1 << 20);
    size("parameters_limit", audit, config_.audit.parameters_limit, 0, 1 << 20);
    size("low_water", audit, config_.audit.low_water, 0, size_t{1} << 50);
    read_log_key(audit, "key", config_.audit.key);
    read_log_key(audit, "next_key", config_.audit.next_key);
    audit.scalar("origin", config_.audit.origin);
    const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '+'; };
    if (std::any_of(config_.audit.origin.begin(), config_.audit.origin.end(), is_space)) {
      audit.problem("origin",
                    "expected a name like an address without its scheme, such as "
                    "sluice.example.com/orders, without spaces and +");
    }
    audit.map("witness", [&](MapReader& witness) { read_witness(witness); });
    audit.parsed("checkpoint_interval", config_.audit.checkpoint_interval, parse_duration);
    if (config_.audit.checkpoint_interval < std::chrono::milliseconds(100) ||
        config_.audit.checkpoint_interval > std::chrono::minutes(1)) {
      audit.problem("checkpoint_interval", "must be from 100ms to 1m");
    }
    read_streams(audit, secrets_, config_.audit.streams);
    read_anchors(audit, secrets_, config_.audit.anchors);
    audit.map("archive", [&](MapReader& archive) { read_archive(archive); });
    read_retention(audit, config_.audit.retention, config_.audit.retention_at);
  }

  void read_log_key(MapReader& audit, const std::string& name, std::string& out) {
    std::string key;
    if (!audit.scalar(name, key)) return;
    out = tlog::is_pkcs11(key) ? key : path(key);
    if (!tlog::is_pkcs11(key)) return;
    if (const auto wrong = tlog::check_pkcs11(key); !wrong.empty()) audit.problem(name, wrong);
  }

  void read_archive(MapReader& archive) {
    std::string after;
    if (!archive.scalar("after", after, true)) return;
    config_.audit.archive_after.reset();
    if (after == "never") return;
    const auto parsed = parse_duration(after);
    if (!parsed) return archive.problem("after", parsed.error().text + ", or \"never\"");
    config_.audit.archive_after = *parsed;
  }

  void read_witness(MapReader& witness) {
    if (!witness.scalar("name", config_.audit.witness, true)) return;
    if (!tlog::is_key_name(config_.audit.witness)) {
      witness.problem("name", "expected a name like witness.example.com/1, without spaces and +");
    }
    witness.list("logs", [&](const yaml::Item& item) -> std::string {
      auto key = tlog::VerifierKey::parse(item.text);
      if (!key) return key.error().text;
      config_.audit.watched.push_back(std::move(*key));
      return {};
    });
    if (config_.audit.watched.empty()) {
      witness.problem("logs",
                      "expected the public keys of the logs to watch, as `sluice audit key` "
                      "prints them");
    }
  }

  void read_limits(MapReader& limits) {
    auto& l = config_.limits;
    size("statement_size", limits, l.statement_bytes, 64 << 10, 256 << 20);
    size("cache_size", limits, l.cache_bytes, 1 << 20, size_t{16} << 30);
    limits.number("sessions", l.max_sessions, 1, 1'000'000);
    limits.number("masked_comparisons", l.masked_comparisons, 1, 1'000'000);
    limits.number("masked_comparisons_per_minute", l.masked_comparisons_per_minute, 1, 1'000'000);
    limits.number("logins_in_progress", l.max_logins_in_progress, 1, 100'000);
    limits.number("logins_in_progress_per_source", l.max_logins_in_progress_per_source, 1, 100'000);
    limits.number("login_failures", l.logins.failures, 1, 1'000'000);
    limits.number("login_failures_per_source", l.logins.failures_per_source, 1, 1'000'000);
    limits.number("login_failures_per_user", l.logins.failures_per_user, 1, 1'000'000);
    limits.parsed("login_backoff", l.logins.backoff, parse_duration);
    limits.parsed("login_longest_backoff", l.logins.longest_backoff, parse_duration);
    limits.parsed("login_timeout", l.login_timeout, parse_duration);
    limits.parsed("drain_timeout", l.drain_timeout, parse_duration);
  }

  static void size(const std::string& key, MapReader& map, size_t& out, size_t low, size_t high) {
    map.parsed(key, out, parse_size);
    if (out < low || out > high)
      map.problem(key, fmt::format("must be from {} to {} bytes", low, high));
  }

  void read_databases(MapReader& top) {
    const YAML::Node list = top.node("databases");
    if (!list.IsDefined() || !list.IsSequence()) {
      top.problem("databases",
                  "expected a list of databases; [] for none, which admins then add while the "
                  "gateway runs");
      return;
    }
    for (const auto& entry : list) {
      if (!entry.IsMap()) {
        problems_.add(entry.Mark(), "expected a mapping with name, url and user");
        continue;
      }
      MapReader database(entry, "a database", problems_,
                         fmt::format("databases[{}]", config_.databases.size()));
      read_database(database);
    }
  }

  void read_database(MapReader& map) {
    DatabaseConfig database;
    if (map.scalar("name", database.name, true)) {
      for (const auto& other : config_.databases) {
        if (other.name == database.name)
          map.problem("name", "this name is taken by another database");
      }
    }
    map.scalar("environment", database.environment, true);
    std::string url;
    if (map.scalar("url", url, true)) {
      if (const auto parsed = parse_database_url(url, database); !parsed)
        map.problem("url", parsed.error().text);
      for (std::string* file : {&database.sslrootcert, &database.sslcert, &database.sslkey}) {
        if (!file->empty() && *file != "system") *file = path(*file);
      }
    }
    map.scalar("user", database.user, true);
    read_password_source(map, secrets_, database.password_source, database.password);
    map.boolean("allow_function_call", database.allow_function_call);
    map.boolean("masking", database.masking);
    map.boolean("stamp_writes", database.stamp_writes);
    read_server_identity(map, database.identity);
    map.map("pool", [&](MapReader& pool) {
      pool.number("size", database.pool.size, 1, 10'000);
      pool.parsed("idle_timeout", database.pool.idle_timeout, parse_duration);
      pool.parsed("wait_timeout", database.pool.wait_timeout, parse_duration);
      pool.parsed("connect_timeout", database.pool.connect_timeout, parse_duration);
    });
    config_.databases.push_back(std::move(database));
  }

  Config config_;
  Problems problems_;
  SecretSource secrets_;
};

}  // namespace

namespace {

Result<std::string> read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    Error error = io_error("cannot read the configuration " + file.string(), errno);
    error.code = ErrorCode::kInvalidInput;
    error.text += "; name another with --config FILE or SLUICE_CONFIG";
    return fail(std::move(error));
  }
  std::string text(kMaxFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxFile)
    return fail(ErrorCode::kInvalidInput, file.string() + ": larger than 1 MiB");
  const size_t nul = text.find('\0');
  if (nul != std::string::npos)
    return fail(ErrorCode::kInvalidInput, file.string() + ": contains a NUL byte");
  return text;
}

}  // namespace

Result<Config> load(const std::filesystem::path& file, bool resolve_secrets) {
  SLUICE_ASSIGN(const std::string text, read_text(file));
  return Loader(std::filesystem::absolute(file), resolve_secrets).load(text);
}

yaml::Places places_of(const std::filesystem::path& file) {
  Loader loader(std::filesystem::absolute(file), false);
  if (const auto text = read_text(file)) (void)loader.load(*text);
  return loader.places();
}

}  // namespace sluice::config
