#include "gateway/server_watch.h"

#include <algorithm>

#include "catalog/traits.h"

namespace sluice::gateway {

std::string server_of(const config::DatabaseConfig& config) {
  return config.host + ":" + std::to_string(config.port);
}

std::shared_ptr<TraitKeeper> ServerWatch::join(const std::shared_ptr<Database>& database) {
  const std::string server = server_of(database->config());
  const std::lock_guard lock(mutex_);
  databases_[server].push_back(database);
  auto& keeper = servers_[server];
  if (keeper) return keeper;
  auto ask = [this, server](std::string_view text, TraitKeeper::Answered answered) {
    const auto databases = databases_of(server);
    if (databases.empty()) return answered(fail(ErrorCode::kUnavailable, "no database is left"));
    ask_(databases.front(), text, std::move(answered));
  };
  auto drift = [this, server](const std::vector<catalog::Change>& changes) {
    if (const auto databases = databases_of(server); !databases.empty()) drift_(databases, changes);
  };
  keeper = std::make_shared<TraitKeeper>(catalog::server_traits_query(),
                                         catalog::server_traits_fingerprint_query(), std::move(ask),
                                         std::move(drift));
  return keeper;
}

std::vector<std::shared_ptr<Database>> ServerWatch::databases_of(const std::string& server) {
  std::vector<std::shared_ptr<Database>> alive;
  const std::lock_guard lock(mutex_);
  auto& listed = databases_[server];
  std::erase_if(listed, [](const auto& one) { return one.expired(); });
  for (const auto& one : listed) {
    if (auto database = one.lock()) alive.push_back(std::move(database));
  }
  std::sort(alive.begin(), alive.end(),
            [](const auto& a, const auto& b) { return a->config().name < b->config().name; });
  return alive;
}

}  // namespace sluice::gateway
