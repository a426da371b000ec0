#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::gateway {

/// Which credentials, users or grants have been used since somebody asked last. Shared by the
/// workers.
class UsedCredentials {
 public:
  void note(const std::string& id, int64_t micros) {
    const std::lock_guard lock(mutex_);
    used_[id] = micros;
  }
  std::vector<std::pair<std::string, int64_t>> take() {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, int64_t>> taken(used_.begin(), used_.end());
    used_.clear();
    return taken;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, int64_t> used_;
};

}  // namespace sluice::gateway
