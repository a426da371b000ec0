#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sluice::change {

/// Where and as whom a change runs.
struct Login {
  std::string host;
  uint16_t port = 0;
  std::string user;
  SecretString secret;
  std::string database;
  std::string application;
  Duration lock_timeout{}, statement_timeout{};
};

/// How a statement ended.
struct Outcome {
  std::string tag;    ///< "ALTER TABLE", "UPDATE 5"
  std::string error;  ///< not empty: it failed; the server's own words
  bool lost = false;  ///< the connection is gone: how it ended may not be known
};

/// A PostgreSQL client like any other; libpq stands behind it.
class SqlClient {
 public:
  /// Blocking, not for long.
  static Result<std::unique_ptr<SqlClient>> connect(const Login& login);
  virtual ~SqlClient() = default;

  /// Runs one statement as a simple query, to its end; rows are thrown away. It is cancelled once
  /// `cancelled` says so, or after `most`; who does not answer that is left.
  virtual Outcome run(const std::string& text, Duration most,
                      const std::function<bool()>& cancelled) = 0;
};

}  // namespace sluice::change
