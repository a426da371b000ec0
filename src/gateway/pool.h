#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/counters.h"
#include "gateway/database.h"
#include "gateway/server_connection.h"
#include "net/reactor.h"

namespace sluice::gateway {

/// One worker's server connections to one database. The number open is bounded over all workers by
/// the Database's permits; what is handed back is reset before somebody else gets it.
class Pool {
 public:
  /// Why a session got no connection.
  struct Refusal {
    std::string sqlstate;
    std::string message;
    std::string detail;
    std::string hint;
  };
  using Acquired = std::function<void(tl::expected<std::unique_ptr<ServerConnection>, Refusal>)>;

  /// Somebody's place in the queue; dropping it leaves the queue.
  class Waiter {
   public:
    Waiter(Pool& pool, std::string application_name, Acquired done);
    ~Waiter();

   private:
    friend class Pool;
    Pool* pool_;
    std::string application_name_;
    Acquired done_;
    net::Timer timeout_;
  };

  /// `poke_others` asks the other workers to give up an idle connection or to look again at their
  /// queues.
  Pool(net::Reactor& reactor, std::shared_ptr<Database> database, WorkerCounters& counters,
       std::function<void()> poke_others);
  ~Pool();

  /// Calls `done` at once when a connection is idle, else later; prefers one that was started
  /// with `application_name`. The returned waiter, if any, must be kept.
  std::unique_ptr<Waiter> acquire(const std::string& application_name, Acquired done);

  /// Takes a connection back. `reusable`: the protocol is at rest outside a transaction; it is
  /// reset and offered again. Otherwise it is closed.
  void release(std::unique_ptr<ServerConnection> connection, bool reusable);

  /// Another worker needs a permit, or one has come free.
  void on_poke();

  /// Closes idle connections older than the configured time; called every second or so.
  void close_expired();
  /// The configuration no longer has this database as it is: nothing is kept from now on.
  void retire();
  bool unused() const { return waiters_.empty() && connecting_.empty() && resetting_.empty(); }

  Database& database() { return *database_; }

 private:
  void serve_waiters();
  void start_connect(const std::string& application_name);
  void connect_finished(ServerConnection* connection,
                        std::optional<ServerConnection::Failure> failure);
  void reset_finished(ServerConnection* connection, bool clean);
  void make_idle(std::unique_ptr<ServerConnection> connection);
  void drop(std::unique_ptr<ServerConnection> connection);
  void hand_over(std::unique_ptr<ServerConnection> connection);
  void fail_one(const ServerConnection::Failure& failure);
  std::unique_ptr<ServerConnection> take_idle(const std::string& application_name);
  std::unique_ptr<ServerConnection> extract(std::list<std::unique_ptr<ServerConnection>>& from,
                                            const ServerConnection* which);

  net::Reactor& reactor_;
  std::shared_ptr<Database> database_;
  WorkerCounters& counters_;
  std::function<void()> poke_others_;
  bool retired_ = false;
  std::list<std::unique_ptr<ServerConnection>> idle_;  ///< most recently used first
  std::list<std::unique_ptr<ServerConnection>> connecting_;
  std::list<std::unique_ptr<ServerConnection>> resetting_;
  std::deque<Waiter*> waiters_;
};

}  // namespace sluice::gateway
