#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/role.h"

namespace sluice::control {

/// Which credentials may ask for something, of those that are for some databases only, or act for
/// somebody else. The front door refuses by it, so that nothing behind it can forget to.
enum class Reach : uint8_t {
  kAsks,         ///< any: what is behind looks itself at databases and persons, or tells of neither
  kWhole,        ///< it is of all databases: those alone that are good for all
  kOwn,          ///< it is a person's own decision: those alone that act for nobody else
  kOwnAndWhole,  ///< both
};

/// One thing that can be asked for below /api/v1, and by whom.
struct Route {
  std::string_view method;
  std::string_view path;   ///< {name} stands for one segment
  Roles roles;             ///< one of these is needed; none: it asks nobody who they are, or in its
                           ///< own way
  std::string_view scope;  ///< what a token must be allowed to do; empty where roles are
  Reach reach;
  std::string_view summary;

  /// Whether it is of all databases at once.
  bool of_all_databases() const { return reach == Reach::kWhole || reach == Reach::kOwnAndWhole; }
  /// Whether nobody does it in somebody else's name.
  bool of_oneself() const { return reach == Reach::kOwn || reach == Reach::kOwnAndWhole; }
};

/// All of them. What is not here is not answered; docs/api.md and the OpenAPI document are checked
/// against it.
std::span<const Route> routes();

/// The one that a request is for; null when there is none. `path` may have a query string.
const Route* find_route(std::string_view method, std::string_view path);
/// What else can be done with `path`: "GET", "PUT"; nothing is there when it is empty.
std::vector<std::string_view> methods_of(std::string_view path);

}  // namespace sluice::control
