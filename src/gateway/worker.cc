#include "gateway/worker.h"

#include <set>

#include <unistd.h>

#include "base/log.h"
#include "gateway/login.h"
#include "gateway/session.h"

namespace sluice::gateway {
namespace {

/// How often the catalog's fingerprint is compared.
constexpr uint64_t kLookEverySeconds = 10;

void tell_of_straggler(const std::shared_ptr<Database>& database, uint32_t pid, bool ended) {
  const auto& name = database->config().name;
  if (ended) {
    log::warn("database {}: process {} went on after its cancel, and was terminated", name, pid);
  } else {
    log::error(
        "database {}: process {} goes on after its cancel and cannot be terminated: end it by "
        "SELECT pg_terminate_backend({})",
        name, pid, pid);
  }
}

}  // namespace

Result<std::unique_ptr<Worker>> Worker::create(unsigned index, Shared& shared,
                                               std::shared_ptr<const Runtime> runtime,
                                               net::Reactor::Backend backend) {
  SLUICE_ASSIGN(auto reactor, net::Reactor::create(backend));
  return std::unique_ptr<Worker>(new Worker(index, shared, std::move(runtime), std::move(reactor)));
}

Worker::Worker(unsigned index, Shared& shared, std::shared_ptr<const Runtime> runtime,
               std::unique_ptr<net::Reactor> reactor)
    : index_(index),
      shared_(shared),
      reactor_(std::move(reactor)),
      runtime_(std::move(runtime)),
      log_(shared.log.writer(index)),
      analyser_(runtime_->config->limits.cache_bytes, counters_),
      second_(*reactor_, [this] { every_second(); }),
      stragglers_([this](const auto& database, std::string text,
                         auto done) { ask(database, std::move(text), std::move(done)); },
                  tell_of_straggler) {}

Worker::~Worker() {
  stop();
  // Sessions give their server connections back to pools, so they go first.
  dead_sessions_.clear();
  dead_logins_.clear();
  sessions_.clear();
  logins_.clear();
  questions_.clear();
  pools_.clear();
  if (listen_fd_ >= 0) close(listen_fd_);
}

Result<> Worker::start(int listen_fd) {
  listen_fd_ = listen_fd;
  SLUICE_TRY(reactor_->listen(listen_fd, [this](auto stream) { accept(std::move(stream)); }));
  shared_.log.on_durable(index_, [this] { post([](Worker& self) { self.on_durable(); }); });
  second_.arm(std::chrono::seconds(1));
  thread_ = std::make_unique<BigStackThread>(
      sql::kAnalyserStackBytes, "worker-" + std::to_string(index_), [this] { reactor_->run(); });
  return {};
}

void Worker::stop() {
  if (!thread_) return;
  reactor_->stop();
  thread_.reset();
}

void Worker::post(std::function<void(Worker&)> task) {
  reactor_->post([this, task = std::move(task)] { task(*this); });
}

void Worker::accept(std::unique_ptr<net::Stream> stream) {
  counters_.connections.add();
  const auto& limits = runtime_->config->limits;
  auto pass = shared_.gate.enter(stream->peer().host(), limits.max_logins_in_progress,
                                 limits.max_logins_in_progress_per_source);
  if (!pass) return;  // Dropped without a word: there may be thousands of them.
  adopt(std::make_unique<Login>(*this, std::move(stream), std::move(pass)));
}

Pool& Worker::pool(const std::shared_ptr<Database>& database) {
  for (const auto& pool : pools_) {
    if (&pool->database() == database.get()) return *pool;
  }
  pools_.push_back(std::make_unique<Pool>(*reactor_, database, counters_, [this, database] {
    shared_.broadcast([database](Worker& other) { other.pool(database).on_poke(); }, this);
  }));
  return *pools_.back();
}

void Worker::ask(const std::shared_ptr<Database>& database, std::string text, OwnQuery::Done done) {
  questions_.push_back(std::make_unique<OwnQuery>(
      *reactor_, database, std::move(text), [this, done = std::move(done)](auto result) {
        // The query is still at work when it tells.
        post([](Worker& self) {
          std::erase_if(self.questions_, [](const auto& question) { return question->finished(); });
        });
        done(std::move(result));
      }));
  questions_.back()->start();
}

void Worker::set_runtime(std::shared_ptr<const Runtime> runtime) {
  const auto before = std::exchange(runtime_, std::move(runtime));
  for (const auto& pool : pools_) {
    const auto& name = pool->database().config().name;
    const auto current = runtime_->databases.find(name);
    if (current == runtime_->databases.end() || current->second.get() != &pool->database()) {
      pool->retire();
    }
  }
  if (runtime_->directory == before->directory) return;
  // Those that may not stay end, and take themselves off the list.
  std::vector<Session*> sessions;
  sessions.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) sessions.push_back(session.get());
  for (Session* session : sessions) {
    session->identity_changed(*before->directory, *runtime_->directory);
  }
}

/// Credentials that have had their time end the sessions that they opened; grants give their groups
/// no longer.
void Worker::end_expired() {
  const int64_t now = wall_micros();
  // Those that end take themselves off the list.
  std::vector<Session*> sessions;
  sessions.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) sessions.push_back(session.get());
  for (Session* session : sessions) session->end_expired(now);
}

void Worker::stop_accepting() { reactor_->close_listener(listen_fd_); }

void Worker::adopt(std::unique_ptr<Login> login) {
  Login* raw = login.get();
  logins_.emplace(raw, std::move(login));
}

void Worker::adopt(std::unique_ptr<Session> session) {
  shared_.sessions.fetch_add(1);
  const uint64_t id = session->id();
  sessions_.emplace(id, std::move(session));
}

void Worker::retire(Login* login) {
  const auto it = logins_.find(login);
  if (it == logins_.end()) return;
  if (dead_logins_.empty() && dead_sessions_.empty()) post([](Worker& self) { self.bury(); });
  dead_logins_.push_back(std::move(it->second));
  logins_.erase(it);
}

void Worker::retire(Session* session) {
  const auto it = sessions_.find(session->id());
  if (it == sessions_.end()) return;
  shared_.sessions.fetch_sub(1);
  if (dead_logins_.empty() && dead_sessions_.empty()) post([](Worker& self) { self.bury(); });
  dead_sessions_.push_back(std::move(it->second));
  sessions_.erase(it);
}

void Worker::bury() {
  dead_logins_.clear();
  dead_sessions_.clear();
}

Session* Worker::find_session(uint64_t id) {
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? nullptr : it->second.get();
}

Result<> Worker::reserve_record() {
  const auto& audit = runtime_->config->audit;
  return log_.reserve(audit.text_limit + audit.parameters_limit + 4096);
}

void Worker::release_when_durable(uint64_t session_id, uint64_t sequence) {
  undurable_.emplace_back(sequence, session_id);
}

void Worker::sync_records() {
  if (std::exchange(sync_due_, true)) return;
  post([](Worker& self) {
    self.sync_due_ = false;
    self.log_.bring_to_disk();
  });
}

void Worker::on_durable() {
  const uint64_t durable = log_.durable_sequence();
  while (!undurable_.empty() && undurable_.front().first <= durable) {
    const uint64_t id = undurable_.front().second;
    undurable_.pop_front();
    // A later record of the same session holds its output further.
    const bool more = std::any_of(undurable_.begin(), undurable_.end(),
                                  [&](const auto& entry) { return entry.second == id; });
    Session* session = find_session(id);
    if (session != nullptr && !more) session->output_durable();
  }
}

void Worker::every_second() {
  end_expired();
  for (const auto& pool : pools_) pool->close_expired();
  stragglers_.tick(Clock::now());
  // Also where nobody is served, so that nothing else asks.
  log_.turn_over();
  if (index_ == 0) {
    const bool look = ++seconds_ % kLookEverySeconds == 0;
    std::set<TraitKeeper*> servers;
    for (const auto& [name, database] : runtime_->databases) {
      database->labels().tick();
      if (!look) continue;
      database->catalog().look();
      if (auto* traits = database->traits()) traits->look();
      servers.insert(database->server_traits());
      database->labels().look(database->catalog().current());
    }
    for (TraitKeeper* server : servers) {
      if (server != nullptr) server->look();
    }
  }
  second_.arm(std::chrono::seconds(1));
}

}  // namespace sluice::gateway
