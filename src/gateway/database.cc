#include "gateway/database.h"

#include <thread>

#include "base/log.h"
#include "identity/server_password.h"

namespace sluice::gateway {
namespace {

net::PeerCheck peer_check(const config::DatabaseConfig& config) {
  switch (config.sslmode) {
    case config::SslMode::kVerifyFull:
      return net::PeerCheck::kFullName;
    case config::SslMode::kVerifyCa:
      return net::PeerCheck::kChain;
    case config::SslMode::kRequire:
      // As libpq: a root file given with sslmode=require is checked like verify-ca.
      return config.sslrootcert.empty() ? net::PeerCheck::kNone : net::PeerCheck::kChain;
    default:
      return net::PeerCheck::kNone;
  }
}

}  // namespace

Database::Database(const config::DatabaseConfig& config) : config_(config) {
  static std::atomic<uint64_t> next_id{1};
  id_ = next_id.fetch_add(1, std::memory_order_relaxed);
  password_ = std::make_shared<const Password>(Password{config.password, 1, ""});
}

Result<std::shared_ptr<Database>> Database::create(const config::DatabaseConfig& config) {
  std::shared_ptr<Database> database(new Database(config));
  if (config.sslmode != config::SslMode::kDisable) {
    auto tls = net::TlsContext::client(
        {peer_check(config), config.sslrootcert, config.sslcert, config.sslkey});
    if (!tls) return fail(std::move(tls.error()).within("database " + config.name));
    database->tls_ = std::move(*tls);
  }
  return database;
}

Result<> Database::refresh_addresses() {
  SLUICE_ASSIGN(auto resolved, net::resolve(config_.host, config_.port));
  auto addresses = std::make_shared<const std::vector<net::Address>>(std::move(resolved));
  const std::lock_guard lock(mutex_);
  addresses_ = std::move(addresses);
  return {};
}

bool Database::take_permit() {
  int open = open_.load(std::memory_order_relaxed);
  while (open < static_cast<int>(config_.pool.size)) {
    if (open_.compare_exchange_weak(open, open + 1, std::memory_order_acq_rel)) return true;
  }
  return false;
}

std::shared_ptr<const ParameterList> Database::greeting(const std::string& settings) const {
  const std::lock_guard lock(mutex_);
  const auto found = greetings_.find(settings);
  return found == greetings_.end() ? nullptr : found->second;
}

void Database::remember_greeting(const std::string& settings, ParameterList parameters) {
  constexpr size_t kMost = 1000;  // Settings are the clients' choice: bounded.
  const std::lock_guard lock(mutex_);
  if (greetings_.size() >= kMost) greetings_.clear();
  greetings_[settings] = std::make_shared<const ParameterList>(std::move(parameters));
}

std::shared_ptr<const std::vector<std::string>> Database::fresh_search_path(
    const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = search_paths_.find(key);
  return found == search_paths_.end() ? nullptr : found->second;
}

void Database::remember_search_path(const std::string& key, std::vector<std::string> path) {
  constexpr size_t kMost = 1000;
  const std::lock_guard lock(mutex_);
  if (search_paths_.size() >= kMost) search_paths_.clear();
  search_paths_[key] = std::make_shared<const std::vector<std::string>>(std::move(path));
}

std::shared_ptr<const Database::Password> Database::password() const {
  const std::lock_guard lock(mutex_);
  return password_;
}

Result<> Database::read_password() {
  if (config_.password_source.kind == config::PasswordSource::Kind::kGiven) return {};
  const auto read = identity::read_server_password(config_.password_source);
  const std::lock_guard lock(mutex_);
  password_asked_ = Clock::now();
  auto next = std::make_shared<Password>(*password_);
  next->problem = read ? "" : read.error().text;
  if (read && read->reveal() != next->text.reveal()) {
    next->text = *read;
    ++next->version;
  }
  password_ = std::move(next);
  if (!read) return fail(read.error());
  return {};
}

void Database::renew_password(uint64_t version, std::function<void()> done) {
  bool ask = false;
  {
    const std::lock_guard lock(mutex_);
    const bool another = password_->version != version;
    ask = !another && elsewhere_;
    if (ask) {
      renewals_.push_back(std::move(done));
      if (std::exchange(asking_, true)) return;
    }
  }
  if (!ask) return done();
  elsewhere_([this] {
    // It has been asked a moment ago, maybe just before it changed.
    constexpr auto kBetween = std::chrono::seconds(1);
    Clock::time_point next;
    {
      const std::lock_guard lock(mutex_);
      next = password_asked_ + kBetween;
    }
    std::this_thread::sleep_until(next);
    if (const auto read = read_password(); !read) {
      log::warn("database {}: {}", config_.name, read.error().text);
    }
    std::vector<std::function<void()>> waiting;
    {
      const std::lock_guard lock(mutex_);
      asking_ = false;
      waiting.swap(renewals_);
    }
    for (const auto& told : waiting) told();
  });
}

std::optional<wire::postgres::ScramKeys> Database::scram_keys(uint64_t password_version) const {
  const std::lock_guard lock(mutex_);
  return keys_of_ == password_version ? keys_ : std::nullopt;
}

void Database::remember_scram_keys(uint64_t password_version,
                                   const wire::postgres::ScramKeys& keys) {
  const std::lock_guard lock(mutex_);
  keys_ = keys;
  keys_of_ = password_version;
}

bool same_server(const config::DatabaseConfig& a, const config::DatabaseConfig& b) {
  return a.name == b.name && a.environment == b.environment && a.host == b.host &&
         a.port == b.port && a.server_database == b.server_database && a.sslmode == b.sslmode &&
         a.sslrootcert == b.sslrootcert && a.sslcert == b.sslcert && a.sslkey == b.sslkey &&
         a.channel_binding_required == b.channel_binding_required && a.user == b.user &&
         a.password_source == b.password_source &&
         // Any other is asked for anew, and counts for new connections alone.
         (a.password_source.kind != config::PasswordSource::Kind::kGiven ||
          a.password.reveal() == b.password.reveal()) &&
         a.pool.size == b.pool.size && a.pool.idle_timeout == b.pool.idle_timeout &&
         a.pool.wait_timeout == b.pool.wait_timeout &&
         a.pool.connect_timeout == b.pool.connect_timeout &&
         a.allow_function_call == b.allow_function_call && a.masking == b.masking &&
         a.stamp_writes == b.stamp_writes && a.identity == b.identity;
}

}  // namespace sluice::gateway
