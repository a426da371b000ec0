#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sluice::mcp {

/// Where and as whom statements run.
struct Login {
  std::string host;
  uint16_t port = 0;
  std::string user;
  SecretString secret;
  std::string database;
  std::string application;  ///< who asks, for the record
  bool read_only = false;   ///< the server refuses what writes
  bool dry_run = false;     ///< the gateway tells what would be changed, and changes nothing
  /// Address of who asks, vouched for; empty: this machine, and no records are told.
  std::string asked_from;
};

/// Bounds on one statement's answer.
struct Limits {
  size_t rows = 100;
  size_t skip = 0;                   ///< rows before those, which are thrown away
  size_t bytes = size_t{256} << 10;  ///< of values, over all rows
  Duration time = std::chrono::seconds(60);
  std::stop_token wanted = {};  ///< stopped: it is cancelled at the server, sqlstate 57014
  /// It is known to change nothing: what is more than wanted is cancelled. All else runs to its
  /// end, or nothing of it would be kept.
  bool only_reads = false;
};

struct Column {
  std::string name;
  std::string type;  ///< "integer", "text"; "type 16500" for one that is not PostgreSQL's own
};

/// What came of a statement.
struct Answer {
  std::vector<Column> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  size_t skipped = 0;      ///< rows, of Limits::skip
  bool truncated = false;  ///< there was more; the rest was not taken
  std::string tag;         ///< "SELECT 5", "UPDATE 3"
  // Of one that failed: SQLSTATE and the server's words.
  std::string sqlstate, message, detail, hint;
  int64_t position = 0;  ///< of the character that it is about, from 1; 0: none is
  int64_t request = 0;   ///< it waits for this approval, and has not run
  uint64_t record = 0;   ///< number of its record; 0: not told
  std::vector<std::string> notices;
  bool lost = false;  ///< the connection is of no more use

  bool failed() const { return !message.empty(); }
};

/// A PostgreSQL client like any other, through the gateway's own listener: what it runs is decided
/// on, masked and recorded as everybody's is. libpq stands behind it.
class QueryClient {
 public:
  /// Blocking, not for long.
  static Result<std::unique_ptr<QueryClient>> connect(const Login& login);
  virtual ~QueryClient() = default;

  /// Whether the server has not closed it meanwhile, as it does when a credential ends.
  virtual bool alive() = 0;
  /// Runs one statement in the extended protocol, so that a text is never two. Once somebody has to
  /// approve it, it is left to wait there, and the connection is lost; more rows than wanted are
  /// cancelled of what only reads, and thrown away of all else.
  virtual Answer run(const std::string& text,
                     const std::vector<std::optional<std::string>>& parameters,
                     const Limits& limits) = 0;

  /// What the session was told last of what its statements are for.
  std::string told;
};

/// Whether more than `most` bytes were taken in since `begun`. Either count is 0 where it is not
/// known; and it is put together from two looks, so that a later one may be less.
bool beyond(uint64_t begun, uint64_t now, uint64_t most);

}  // namespace sluice::mcp
