#include "cli/check_config.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <initializer_list>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "audit/log_key.h"
#include "audit/retention.h"
#include "cli/log_options.h"
#include "config/places.h"
#include "control/console_files.h"
#include "gateway/database.h"
#include "gateway/policy_keeper.h"
#include "http/transport.h"
#include "identity/oidc_provider.h"
#include "net/peer_certificate.h"
#include "net/tls.h"
#include "outside/tellers.h"
#include "stream/anchors.h"
#include "stream/streams.h"

namespace sluice::cli {
namespace {

class ConfigCheck {
 public:
  explicit ConfigCheck(const config::Config& config) : config_(config) {}

  Result<> run(Wanted wanted) {
    check_listeners();
    if (wanted == Wanted::kStart) check_log_key();
    check_policy();
    check_store();
    check_identity();
    each("databases", config_.databases,
         [this](const std::string& key, const auto& database) { check_database(key, database); });
    check_receivers();
    take("audit.retention", audit::retention_rules(config_.audit.retention));
    if (problems_.empty()) return {};
    return fail(ErrorCode::kInvalidInput, told());
  }

 private:
  struct Problem {
    std::string key, text;
  };
  struct File {
    const char* key;
    const char* what;
    const std::string& name;
  };

  std::string told() const {
    const auto places = config::places_of(config_.file);
    std::vector<std::string> lines;
    for (const auto& [key, text] : problems_) {
      // As the reader of the file has it: the last part of the key, without a number.
      const size_t dot = key.rfind('.');
      std::string name = key.substr(dot == std::string::npos ? 0 : dot + 1);
      name.resize(std::min(name.find('['), name.size()));
      lines.push_back(fmt::format("{}: {}: {}", places.of(key), name, text));
    }
    return fmt::format("{}", fmt::join(lines, "\n"));
  }

  void problem(const std::string& key, const std::string& text) {
    problems_.push_back({key, text});
  }

  template <typename T>
  void take(const std::string& key, const Result<T>& done) {
    if (!done) problem(key, done.error().text);
  }

  template <typename T, typename Check>
  void each(const std::string& key, const std::vector<T>& entries, Check check) {
    size_t number = 0;
    for (const T& entry : entries) check(fmt::format("{}[{}]", key, number++), entry);
  }

  /// Files that are to be there, below `key`. False if one is not.
  bool readable(const std::string& key, std::initializer_list<File> files,
                const std::string& whose = {}) {
    bool good = true;
    for (const File& file : files) {
      if (file.name.empty() || access(file.name.c_str(), R_OK) == 0) continue;
      const auto error =
          io_error(fmt::format("{}cannot read the {} {}", whose, file.what, file.name), errno);
      problem(fmt::format("{}.{}", key, file.key), error.text);
      good = false;
    }
    return good;
  }

  /// What a client shows and believes: that files are there, and what they have to be.
  bool check_client(const std::string& key, const http::TlsFiles& files, const std::string& whose) {
    if (!readable(key,
                  {{"ca", "authorities", files.ca},
                   {"certificate", "certificate", files.certificate},
                   {"key", "key", files.key}},
                  whose))
      return false;
    net::TlsContext::ClientOptions options;
    options.check = files.ca.empty() ? net::PeerCheck::kNone : net::PeerCheck::kChain;
    options.root_file = files.ca;
    options.certificate_file = files.certificate;
    options.key_file = files.key;
    const auto usable = net::TlsContext::client(options);
    if (!usable) problem(key, whose + usable.error().text);
    return usable.has_value();
  }
  bool check_client(const std::string& key, const config::StreamTls& tls,
                    const std::string& whose) {
    return check_client(key + ".tls", http::TlsFiles{tls.ca, tls.certificate, tls.key}, whose);
  }

  void check_listeners() {
    const auto& tls = config_.tls;
    if (tls.enabled() &&
        readable("tls", {{"certificate", "certificate", tls.certificate}, {"key", "key", tls.key}}))
      take("tls.certificate",
           net::TlsContext::server(tls.certificate, tls.key, tls.client_certificates));
    const auto console = control::ConsoleFiles::find(config_.api.console);
    if (config_.listen_http && !console.empty())
      take("api.console", control::ConsoleFiles::load(console));
  }

  void check_log_key() { take("audit.key", audit::find_log_key(log_options(config_))); }

  void check_policy() {
    const std::string& file = config_.policy.file;
    if (file.empty()) return;
    const auto policy = gateway::read_policy_file(file);
    if (policy) return;
    const bool told_by_line = policy.error().code == ErrorCode::kInvalidInput;
    problem("policy.file", told_by_line ? fmt::format("the policy {} cannot be used:\n{}", file,
                                                      policy.error().text)
                                        : policy.error().text);
  }

  void check_store() {
    const auto& server = config_.store.server;
    if (!config_.store.shared() || server.sslmode == config::SslMode::kDisable) return;
    check_client("store", http::TlsFiles{server.sslrootcert, server.sslcert, server.sslkey}, "");
  }

  void check_database(const std::string& key, const config::DatabaseConfig& database) {
    // Its files are named in its url.
    take(key + ".url", gateway::Database::create(database));
    const auto& vault = database.password_source.vault;
    check_client(key + ".password_vault", http::TlsFiles{vault.ca, "", ""},
                 fmt::format("database {}: ", database.name));
  }

  void check_identity() {
    const std::atomic<bool> stopping{false};
    const auto& identity = config_.identity;
    each("identity.issuers", identity.issuers, [&](const std::string& key, const auto& issuer) {
      const std::string whose = fmt::format("issuer {}: ", issuer.name);
      if (!check_client(key, issuer.tls, whose)) return;
      if (const auto made = identity::OidcProvider::create(issuer, stopping); !made)
        problem(key, whose + made.error().text);
    });
    each("identity.certificates", identity.certificates,
         [this](const std::string& key, const auto& entry) {
           const std::string whose = fmt::format("identity.certificates {}: ", entry.name);
           if (!readable(key,
                         {{"ca", "authorities", entry.ca}, {"crl", "revocation lists", entry.crl}},
                         whose))
             return;
           const auto loaded = net::ClientAuthorities::load(entry.ca, entry.crl);
           if (!loaded) problem(key + ".ca", whose + loaded.error().text);
         });
    each("identity.directories", identity.directories,
         [this](const std::string& key, const auto& directory) {
           const std::string whose = fmt::format("directory {}: ", directory.name);
           check_client(key + ".tls", http::TlsFiles{directory.ca, "", ""}, whose);
           check_client(key + ".password_vault",
                        http::TlsFiles{directory.password_source.vault.ca, "", ""}, whose);
         });
  }

  /// Those who are told or asked by URL.
  void check_receivers() {
    each("audit.streams", config_.audit.streams, [this](const std::string& key, const auto& one) {
      if (check_client(key, one.tls, fmt::format("stream \"{}\": ", one.name)))
        take(key, stream::Streams::check({one}));
    });
    each("audit.anchors", config_.audit.anchors, [this](const std::string& key, const auto& one) {
      if (check_client(key, one.delivery.tls, fmt::format("anchor \"{}\": ", one.name)))
        take(key, stream::Anchors::check({one}));
    });
    each("webhooks", config_.webhooks, [this](const std::string& key, const auto& one) {
      if (check_client(key, one.delivery.tls, fmt::format("webhook \"{}\": ", one.name)))
        take(key, outside::Tellers::check({one}));
    });
    each("tickets", config_.tickets, [this](const std::string& key, const auto& one) {
      check_client(key, one.delivery.tls, fmt::format("ticket system \"{}\": ", one.name));
    });
    each("models", config_.models, [this](const std::string& key, const auto& one) {
      check_client(key, one.delivery.tls, fmt::format("model \"{}\": ", one.name));
    });
  }

  const config::Config& config_;
  std::vector<Problem> problems_;
};

}  // namespace

Result<> check_config(const config::Config& config, Wanted wanted) {
  return ConfigCheck(config).run(wanted);
}

}  // namespace sluice::cli
