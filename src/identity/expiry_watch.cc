#include "identity/expiry_watch.h"

#include <algorithm>
#include <utility>

namespace sluice::identity {

std::vector<std::string> ExpiryWatch::over(const Directory& directory, int64_t wall,
                                           int64_t onward) {
  std::vector<std::string> out;
  std::unordered_map<std::string, int64_t> still;
  for (const User& user : directory.users()) {
    for (const Credential& credential : user.credentials) {
      if (credential.revoked_micros != 0) continue;
      const auto known = until_.find(credential.id);
      // The clock may have been set back between its making and now.
      const int64_t left = credential.expires_micros - std::max(wall, credential.created_micros);
      const int64_t until = known != until_.end() ? known->second : onward + left;
      if (until <= onward || credential.expires_micros <= wall) out.push_back(credential.id);
      still.emplace(credential.id, until);
    }
  }
  until_ = std::move(still);
  return out;
}

}  // namespace sluice::identity
