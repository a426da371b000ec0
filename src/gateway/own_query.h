#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "catalog/loader.h"
#include "gateway/database.h"
#include "gateway/server_connection.h"
#include "wire/postgres/backend.h"

namespace sluice::gateway {

/// Gathers the answer to statements of the gateway's own. Pure: messages in, rows out.
class OwnAnswer {
 public:
  /// More than this is not an answer to any question of ours.
  static constexpr size_t kMostBytes = 1UL << 30;

  /// Takes a whole message. False: it is malformed or too much.
  bool take(char type, Bytes body);

  /// For COMMIT: what was rolled back, since something before it had failed, is an error as well.
  void expect_commit();

  std::vector<catalog::Rows> results;  ///< of each statement that has completed
  /// What the server said when a statement failed.
  std::optional<wire::postgres::ErrorFields> error;

 private:
  catalog::Rows rows_;  ///< of the statement that runs
  std::string tag_;     ///< of the last that has completed
  size_t bytes_ = 0;
};

/// Everything whole: answers to our own questions are read, not passed on.
const wire::postgres::Framer::Rules& own_answer_rules();

/// A query of the gateway's own on a connection opened for it: the catalog is read so, also while
/// sessions hold every connection of the pool and wait for what is read. Lives on its worker until
/// `done` has been called.
class OwnQuery : private ServerUser {
 public:
  using Done = std::function<void(Result<std::vector<catalog::Rows>>)>;

  OwnQuery(net::Reactor& reactor, std::shared_ptr<Database> database, std::string text, Done done);
  /// Connects; `done` is called later, or before it returns.
  void start();
  bool finished() const { return !done_; }

 private:
  void on_server_receive(net::Slice data) override;
  void on_server_drained() override {}
  void on_server_closed(const Error& reason) override;
  void connected(std::optional<ServerConnection::Failure> failure);
  void finish(Result<std::vector<catalog::Rows>> result);

  std::string text_;
  Done done_;
  ServerConnection server_;
  wire::postgres::Framer framer_;
  OwnAnswer answer_;
};

}  // namespace sluice::gateway
