#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/database.h"
#include "gateway/runtime.h"
#include "policy/principal.h"

namespace sluice::gateway {

/// Somebody who has proved who they are and what they asked for at start-up.
struct Admission {
  std::shared_ptr<const Runtime> runtime;
  std::shared_ptr<Database> database;
  std::string user;
  policy::Principal principal;
  int64_t credential_expires = INT64_MAX;  ///< wall clock; of a password never
  std::vector<std::string> grants;         ///< that its client knows of: as Principal::grants
  int64_t grants_until = INT64_MAX;        ///< wall clock: when the next of them ends
  std::string role;                        ///< at the server; empty: that of the gateway's login
  std::string application_name;
  std::string driver;  ///< driver_of its start-up message
  /// Settings from the start-up message other than application_name, to be applied at the server.
  std::vector<std::pair<std::string, std::string>> settings;
  uint32_t protocol_minor = 0;
};

}  // namespace sluice::gateway
