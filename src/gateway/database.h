#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "config/config.h"
#include "gateway/catalog_keeper.h"
#include "gateway/label_keeper.h"
#include "gateway/trait_keeper.h"
#include "net/address.h"
#include "net/tls.h"
#include "wire/postgres/scram.h"

namespace sluice::gateway {

/// Name and value of reported settings, in the order in which the server reported them.
using ParameterList = std::vector<std::pair<std::string, std::string>>;

/// A configured database at run time, shared by all workers: where it is, how to trust it, how
/// many server connections are open over all workers. Lives as long as a pool or session uses it.
class Database {
 public:
  /// Builds the TLS context; name resolution is left to `refresh_addresses`.
  static Result<std::shared_ptr<Database>> create(const config::DatabaseConfig& config);

  /// Never given to another Database while the process lives.
  uint64_t id() const { return id_; }
  const config::DatabaseConfig& config() const { return config_; }
  const std::shared_ptr<const net::TlsContext>& tls() const { return tls_; }

  /// Resolves the host anew. Blocking: called off the workers. On failure the old addresses stay.
  Result<> refresh_addresses();
  /// Last resolved addresses; never null, may be empty.
  std::shared_ptr<const std::vector<net::Address>> addresses() const {
    const std::lock_guard lock(mutex_);
    return addresses_;
  }

  /// Takes the right to open one more server connection, of `config().pool.size` in all.
  bool take_permit();
  void return_permit() { open_.fetch_sub(1, std::memory_order_acq_rel); }
  int open() const { return open_.load(std::memory_order_relaxed); }

  /// Sessions on all workers that wait for a permit.
  std::atomic<int>& waiting() { return waiting_; }

  /// What a login with these settings was last answered, if it is known: it can then be answered
  /// again without a server connection.
  std::shared_ptr<const ParameterList> greeting(const std::string& settings) const;
  void remember_greeting(const std::string& settings, ParameterList parameters);

  /// What current_schemas(true) says in a session of which nobody has changed anything yet; `key`
  /// names its start-up settings and the catalog.
  std::shared_ptr<const std::vector<std::string>> fresh_search_path(const std::string& key) const;
  void remember_search_path(const std::string& key, std::vector<std::string> path);

  /// What the database holds. Set before the first session, by whoever can ask the server.
  CatalogKeeper& catalog() const { return *catalog_; }
  bool has_catalog() const { return catalog_ != nullptr; }
  void set_catalog(std::unique_ptr<CatalogKeeper> catalog) { catalog_ = std::move(catalog); }

  /// What its objects are like, and what belongs to its server, which other databases share. Set
  /// with the catalog, or not at all.
  TraitKeeper* traits() const { return traits_.get(); }
  TraitKeeper* server_traits() const { return server_traits_.get(); }
  void set_traits(std::unique_ptr<TraitKeeper> own, std::shared_ptr<TraitKeeper> of_server) {
    traits_ = std::move(own);
    server_traits_ = std::move(of_server);
  }

  /// What its columns hold. Set with the catalog.
  LabelKeeper& labels() const { return *labels_; }
  void set_labels(std::unique_ptr<LabelKeeper> labels) { labels_ = std::move(labels); }

  /// Whether its server has taken settings of who somebody is before.
  std::atomic<bool>& takes_identity() { return takes_identity_; }

  /// What proves to the server who the gateway is.
  struct Password {
    SecretString text;
    uint64_t version = 0;  ///< another for another text
    std::string problem;   ///< not empty: why it could not be read
  };
  std::shared_ptr<const Password> password() const;
  /// Asks where it comes from. Blocking: called off the workers. What it was before stays if that
  /// fails, and the error is told.
  Result<> read_password();
  /// The same off the caller's thread, unless it has become another than `version` already or has
  /// been asked for a moment ago; `done` is called from any thread, maybe before this returns.
  void renew_password(uint64_t version, std::function<void()> done);
  /// Where that is done. Set before the first session.
  using Elsewhere = std::function<void(std::function<void()>)>;
  void set_elsewhere(Elsewhere elsewhere) { elsewhere_ = std::move(elsewhere); }

  /// Keys derived from the password at the last successful login: PBKDF2 is paid once, not for
  /// every new server connection. Nothing when it is another password by now.
  std::optional<wire::postgres::ScramKeys> scram_keys(uint64_t password_version) const;
  void remember_scram_keys(uint64_t password_version, const wire::postgres::ScramKeys& keys);

 private:
  explicit Database(const config::DatabaseConfig& config);

  uint64_t id_;
  config::DatabaseConfig config_;
  std::shared_ptr<const net::TlsContext> tls_;
  std::atomic<int> open_{0};
  std::atomic<int> waiting_{0};
  std::atomic<bool> takes_identity_{false};
  mutable std::mutex mutex_;  ///< taken once per login and per new server connection
  std::shared_ptr<const std::vector<net::Address>> addresses_ =
      std::make_shared<const std::vector<net::Address>>();
  std::unordered_map<std::string, std::shared_ptr<const ParameterList>> greetings_;
  std::unordered_map<std::string, std::shared_ptr<const std::vector<std::string>>> search_paths_;
  std::optional<wire::postgres::ScramKeys> keys_;
  uint64_t keys_of_ = 0;  ///< Password::version
  std::shared_ptr<const Password> password_;
  Clock::time_point password_asked_{};
  bool asking_ = false;
  std::vector<std::function<void()>> renewals_;  ///< wait for the answer
  Elsewhere elsewhere_;
  std::unique_ptr<CatalogKeeper> catalog_;
  std::unique_ptr<LabelKeeper> labels_;
  std::unique_ptr<TraitKeeper> traits_;
  std::shared_ptr<TraitKeeper> server_traits_;
};

/// Key of Database::fresh_search_path for a session that started with these settings (as
/// Session::greeting_key).
inline std::string fresh_path_key(const std::string& settings, const catalog::Catalog& catalog) {
  return settings + '\0' + std::to_string(catalog.id());
}

/// Whether two configurations reach the same server in the same way, so that open connections of
/// one may serve the other.
bool same_server(const config::DatabaseConfig& a, const config::DatabaseConfig& b);

}  // namespace sluice::gateway
