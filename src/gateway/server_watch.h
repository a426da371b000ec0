#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/database.h"
#include "gateway/trait_keeper.h"

namespace sluice::gateway {

/// What belongs to a whole server, its roles and databases, is watched once for each server, by way
/// of any of its databases that this gateway serves: not once for each of them.
class ServerWatch {
 public:
  /// Asks the server of a database.
  using Ask = std::function<void(const std::shared_ptr<Database>&, std::string_view text,
                                 TraitKeeper::Answered)>;
  /// `databases`: those of the server, by name; never empty.
  using Drift = std::function<void(const std::vector<std::shared_ptr<Database>>& databases,
                                   const std::vector<catalog::Change>&)>;

  ServerWatch(Ask ask, Drift drift) : ask_(std::move(ask)), drift_(std::move(drift)) {}

  /// The keeper of the server that a database is on; from now on also by way of this database.
  std::shared_ptr<TraitKeeper> join(const std::shared_ptr<Database>& database);

 private:
  using Servers = std::map<std::string, std::shared_ptr<TraitKeeper>>;

  /// Of the server of that key, those that are still served.
  std::vector<std::shared_ptr<Database>> databases_of(const std::string& server);

  const Ask ask_;
  const Drift drift_;
  std::mutex mutex_;
  Servers servers_;  ///< by "host:port"
  std::map<std::string, std::vector<std::weak_ptr<Database>>> databases_;
};

/// "db1:5432"
std::string server_of(const config::DatabaseConfig& config);

}  // namespace sluice::gateway
