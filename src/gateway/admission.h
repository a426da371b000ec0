#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/database.h"
#include "gateway/runtime.h"
#include "net/address.h"
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
  std::string asked_from;  ///< address of the client for whom it connects; empty: its own
  bool dry_run = false;    ///< its statements are run for show alone (gateway/dry_run.h)
  std::string driver;      ///< driver_of its start-up message
  /// Settings from the start-up message other than application_name, to be applied at the server.
  std::vector<std::pair<std::string, std::string>> settings;
  uint32_t protocol_minor = 0;

  /// Of whom the record and listings tell; `own`: whom the connection comes from.
  std::string shown_address(const net::Address& own) const {
    return asked_from.empty() ? own.to_string() : asked_from;
  }
};

}  // namespace sluice::gateway
