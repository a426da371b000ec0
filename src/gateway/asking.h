#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/loader.h"
#include "config/config.h"

namespace sluice::gateway {

/// Asks a database questions one after the other, on one connection and the caller's own thread:
/// for commands that run beside the gateway and reach the server as it does.
class Asking {
 public:
  /// Connects. Blocking.
  static Result<std::unique_ptr<Asking>> connect(const config::DatabaseConfig& config);
  virtual ~Asking() = default;

  /// Rows of each statement of `text`. Blocks for as long as the server takes; an error has the
  /// server's own words.
  virtual Result<std::vector<catalog::Rows>> ask(std::string_view text) = 0;
  /// What the server calls its version, and its TLS; both may be empty.
  virtual std::string server_version() const = 0;
  virtual std::string tls() const = 0;
};

}  // namespace sluice::gateway
