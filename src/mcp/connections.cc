#include "mcp/connections.h"

namespace sluice::mcp {
namespace {

constexpr size_t kMostIdle = 4;  ///< of one key
constexpr auto kIdleTime = std::chrono::seconds(30);

}  // namespace

Result<Connections::Lease> Connections::take(const std::string& key, const Login& login) {
  tidy();
  {
    const std::lock_guard lock(mutex_);
    const auto found = idle_.find(key);
    while (found != idle_.end() && !found->second.empty()) {
      auto client = std::move(found->second.back().client);
      found->second.pop_back();
      if (client->alive()) return Lease{key, std::move(client)};
    }
  }
  SLUICE_ASSIGN(auto client, QueryClient::connect(login));
  return Lease{key, std::move(client)};
}

void Connections::give_back(Lease lease) {
  const std::lock_guard lock(mutex_);
  auto& kept = idle_[lease.key];
  if (kept.size() < kMostIdle) kept.push_back({std::move(lease.client), Clock::now()});
}

void Connections::tidy() {
  std::vector<std::unique_ptr<QueryClient>> closing;
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  for (auto it = idle_.begin(); it != idle_.end();) {
    std::erase_if(it->second, [&](Idle& idle) {
      if (now - idle.since < kIdleTime) return false;
      closing.push_back(std::move(idle.client));
      return true;
    });
    it = it->second.empty() ? idle_.erase(it) : std::next(it);
  }
}

}  // namespace sluice::mcp
