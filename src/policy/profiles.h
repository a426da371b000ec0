#pragma once

#include <string_view>
#include <vector>

namespace sluice::policy {

/// A policy that ships with Sluice: a file of policies/, as it is.
struct Profile {
  std::string_view name;
  std::string_view text;
};

/// "agents", "observe", "standard", "strict".
const std::vector<Profile>& profiles();

}  // namespace sluice::policy
