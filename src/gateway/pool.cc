#include "gateway/pool.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace sluice::gateway {
namespace {

Pool::Refusal refusal_of(const Database& database, const ServerConnection::Failure& failure) {
  const std::string& name = database.config().name;
  Pool::Refusal refusal{"08001", fmt::format("could not connect to database \"{}\"", name), "",
                        fmt::format("An operator can run: sluice database check {}", name)};
  // What the server says about its own login concerns the gateway's account, not the client's.
  if (failure.server && !failure.server->sqlstate().starts_with("28")) {
    refusal.sqlstate = failure.server->sqlstate();
    refusal.detail = failure.server->message();
  }
  return refusal;
}

}  // namespace

Pool::Waiter::Waiter(Pool& pool, std::string application_name, Acquired done)
    : pool_(&pool),
      application_name_(std::move(application_name)),
      done_(std::move(done)),
      timeout_(pool.reactor_, [this] {
        const auto& config = pool_->database_->config();
        const Refusal refusal{
            "53300", fmt::format("no free server connection for database \"{}\"", config.name),
            fmt::format("All {} server connections of its pool are in use.", config.pool.size),
            "Try again later, or ask an operator to raise pool.size."};
        const Acquired done = std::move(done_);
        done(tl::unexpected(refusal));
      }) {
  pool.waiters_.push_back(this);
  pool.database_->waiting().fetch_add(1);
  pool.counters_.waiting_for_server.add();
  timeout_.arm(pool.database_->config().pool.wait_timeout);
}

Pool::Waiter::~Waiter() {
  std::erase(pool_->waiters_, this);
  pool_->database_->waiting().fetch_sub(1);
  pool_->counters_.waiting_for_server.subtract();
}

Pool::Pool(net::Reactor& reactor, std::shared_ptr<Database> database, WorkerCounters& counters,
           std::function<void()> poke_others)
    : reactor_(reactor),
      database_(std::move(database)),
      counters_(counters),
      poke_others_(std::move(poke_others)) {}

Pool::~Pool() {
  const size_t open = idle_.size() + connecting_.size() + resetting_.size();
  for (size_t i = 0; i < open; ++i) database_->return_permit();
}

std::unique_ptr<Pool::Waiter> Pool::acquire(const std::string& application_name, Acquired done) {
  if (waiters_.empty()) {
    if (auto connection = take_idle(application_name)) {
      counters_.servers_active.add();
      done(std::move(connection));
      return nullptr;
    }
  }
  auto waiter = std::make_unique<Waiter>(*this, application_name, std::move(done));
  serve_waiters();
  return waiter;
}

void Pool::release(std::unique_ptr<ServerConnection> connection, bool reusable) {
  counters_.servers_active.subtract();
  connection->attach(nullptr);
  if (!reusable || retired_) {
    drop(std::move(connection));
    return;
  }
  ServerConnection* raw = connection.get();
  resetting_.push_back(std::move(connection));
  raw->reset([this, raw](bool clean) { reset_finished(raw, clean); });
}

void Pool::reset_finished(ServerConnection* which, bool clean) {
  auto connection = extract(resetting_, which);
  const bool others_starve = waiters_.empty() && database_->waiting().load() > 0;
  if (!clean || retired_ || others_starve) {
    drop(std::move(connection));
  } else {
    make_idle(std::move(connection));
  }
}

void Pool::make_idle(std::unique_ptr<ServerConnection> connection) {
  if (!waiters_.empty()) {
    hand_over(std::move(connection));
    return;
  }
  ServerConnection* raw = connection.get();
  raw->on_idle_close([this, raw] {
    counters_.servers_idle.subtract();
    drop(extract(idle_, raw));
  });
  counters_.servers_idle.add();
  idle_.push_front(std::move(connection));
}

std::unique_ptr<ServerConnection> Pool::take_idle(const std::string& application_name) {
  if (idle_.empty()) return nullptr;
  auto best = std::find_if(idle_.begin(), idle_.end(), [&](const auto& connection) {
    return connection->application_name() == application_name;
  });
  if (best == idle_.end()) best = idle_.begin();
  auto connection = std::move(*best);
  idle_.erase(best);
  counters_.servers_idle.subtract();
  connection->on_idle_close(nullptr);
  return connection;
}

void Pool::hand_over(std::unique_ptr<ServerConnection> connection) {
  Waiter* waiter = waiters_.front();
  const Acquired done = std::move(waiter->done_);
  waiters_.pop_front();
  waiter->timeout_.cancel();
  counters_.servers_active.add();
  done(std::move(connection));
}

void Pool::serve_waiters() {
  while (!waiters_.empty()) {
    auto connection = take_idle(waiters_.front()->application_name_);
    if (!connection) break;
    hand_over(std::move(connection));
  }
  while (connecting_.size() < waiters_.size()) {
    if (!database_->take_permit()) {
      poke_others_();
      return;
    }
    start_connect(waiters_[connecting_.size()]->application_name_);
  }
}

void Pool::start_connect(const std::string& application_name) {
  auto connection = std::make_unique<ServerConnection>(reactor_, database_);
  ServerConnection* raw = connection.get();
  connecting_.push_back(std::move(connection));
  counters_.server_connects.add();
  raw->connect(application_name, [this, raw](std::optional<ServerConnection::Failure> failure) {
    connect_finished(raw, std::move(failure));
  });
}

void Pool::connect_finished(ServerConnection* which,
                            std::optional<ServerConnection::Failure> failure) {
  auto connection = extract(connecting_, which);
  if (!failure) {
    make_idle(std::move(connection));
    return;
  }
  counters_.server_connect_failures.add();
  log::warn("database {}: {}", database_->config().name, failure->error.text);
  drop(std::move(connection));
  fail_one(*failure);
}

void Pool::fail_one(const ServerConnection::Failure& failure) {
  if (waiters_.empty()) return;
  Waiter* waiter = waiters_.front();
  const Acquired done = std::move(waiter->done_);
  waiters_.pop_front();
  waiter->timeout_.cancel();
  done(tl::unexpected(refusal_of(*database_, failure)));
}

void Pool::drop(std::unique_ptr<ServerConnection> connection) {
  connection.reset();
  database_->return_permit();
  if (!waiters_.empty()) {
    // From the loop, not from here: the caller may be in the middle of handing something over.
    reactor_.post([this] { serve_waiters(); });
  } else if (database_->waiting().load() > 0) {
    poke_others_();
  }
}

void Pool::on_poke() {
  if (!waiters_.empty()) {
    serve_waiters();
    return;
  }
  if (database_->waiting().load() == 0 || idle_.empty()) return;
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  counters_.servers_idle.subtract();
  drop(std::move(connection));
}

void Pool::close_expired() {
  const auto oldest = Clock::now() - database_->config().pool.idle_timeout;
  while (!idle_.empty() && idle_.back()->idle_since() < oldest) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    counters_.servers_idle.subtract();
    drop(std::move(connection));
  }
}

void Pool::retire() {
  retired_ = true;
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    counters_.servers_idle.subtract();
    drop(std::move(connection));
  }
}

std::unique_ptr<ServerConnection> Pool::extract(std::list<std::unique_ptr<ServerConnection>>& from,
                                                const ServerConnection* which) {
  const auto it = std::find_if(from.begin(), from.end(),
                               [&](const auto& connection) { return connection.get() == which; });
  auto connection = std::move(*it);
  from.erase(it);
  return connection;
}

}  // namespace sluice::gateway
