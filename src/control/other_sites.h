#pragma once

#include "control/caller.h"

namespace sluice::control {

/// As from_elsewhere, where browsers come with a cookie or to get one: also by what they say of
/// the page themselves (Sec-Fetch-Site).
inline bool from_another_site(const HttpRequest& request, const config::IdentityConfig& config,
                              std::string_view own_url) {
  const auto site = request.header("sec-fetch-site");
  return site == "cross-site" || site == "same-site" || from_elsewhere(request, config, own_url);
}

}  // namespace sluice::control
