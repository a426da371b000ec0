#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "identity/ldap_directory.h"
#include "store/database.h"

namespace sluice::control {

/// Asks directories every now and then (identity.directories.recheck) whether those who have
/// credentials and belong to them are still there and active. Who is not loses all of their
/// credentials, so that their sessions end; so does everybody when a directory has not been asked
/// for longer than recheck_grace. Has a thread of its own, which may wait.
class LdapWatch {
 public:
  /// Looks at nothing until there is a directory to ask.
  static Result<std::unique_ptr<LdapWatch>> start(std::shared_ptr<const config::Config> config);
  ~LdapWatch() { stop(); }
  LdapWatch(const LdapWatch&) = delete;
  LdapWatch& operator=(const LdapWatch&) = delete;

  /// The configuration from now on.
  void set_config(const config::Config& config);
  void stop();

 private:
  struct Watched {
    std::shared_ptr<identity::LdapDirectory> directory;
    Clock::time_point due, asked;  ///< the next time; when it answered last
    bool silent = false;           ///< it did not the last time
  };
  explicit LdapWatch(store::Database database) : database_(std::move(database)) {}
  void run();
  void look(Watched& watched);
  Result<> check(Watched& watched);
  Result<> outlived(Watched& watched, const std::string& why);

  store::Database database_;  ///< the thread's
  std::mutex mutex_;          ///< guards what follows
  std::condition_variable wake_;
  std::map<std::string, Watched> watched_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::control
