#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "config/config.h"

namespace sluice::gateway {

/// Slows guessing down: failed logins by user, by source and by both. Shared by the workers and the
/// HTTP API.
///
/// Whoever has logged in from a source lately is slowed there by failures of their own alone, so
/// that nobody can lock somebody else out; and from a new source the wait for a user who is under
/// attack stays short.
///
/// A source is the network of an address, which one host has to itself (net/peer_network.h); an
/// address that is empty stands for a proxy that all come through, and is no source that waits.
class LoginLimits {
 public:
  /// How long until this user may be tried from this address; zero: now.
  Duration wait(std::string_view user, std::string_view address, Clock::time_point now);
  void failed(std::string_view user, std::string_view address, const config::LoginLimits& limits,
              Clock::time_point now);
  void succeeded(std::string_view user, std::string_view address, Clock::time_point now);
  /// The same where nobody has said who they are: by source alone.
  Duration wait(std::string_view address, Clock::time_point now);
  void failed(std::string_view address, const config::LoginLimits& limits, Clock::time_point now);

 private:
  struct Failures {
    unsigned count = 0;
    Clock::time_point last, until;
  };
  using Table = std::unordered_map<std::string, Failures>;
  static void count(Table& table, const std::string& key, unsigned free,
                    const config::LoginLimits& limits, Duration longest, Clock::time_point now);
  void count_source(const std::string& source, const config::LoginLimits& limits,
                    Clock::time_point now);
  static Duration left(const Table& table, const std::string& key, Clock::time_point now);
  bool known(const std::string& pair, Clock::time_point now) const;

  std::mutex mutex_;
  Table pairs_, sources_, users_;
  std::unordered_map<std::string, Clock::time_point> known_;  ///< pairs that have logged in
};

}  // namespace sluice::gateway
