#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/role.h"

namespace sluice::control {

/// One thing that can be asked for below /api/v1, and by whom.
struct Route {
  std::string_view method;
  std::string_view path;   ///< {name} stands for one segment
  Roles roles;             ///< one of these is needed; none: it asks nobody who they are, or in its
                           ///< own way
  std::string_view scope;  ///< what a token must be allowed to do; empty where roles are
  std::string_view summary;
};

/// All of them. What is not here is not answered; docs/api.md and the OpenAPI document are checked
/// against it.
std::span<const Route> routes();

/// The one that a request is for; null when there is none. `path` may have a query string.
const Route* find_route(std::string_view method, std::string_view path);
/// What else can be done with `path`: "GET", "PUT"; nothing is there when it is empty.
std::vector<std::string_view> methods_of(std::string_view path);

}  // namespace sluice::control
