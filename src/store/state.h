#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.h"

namespace sluice::store {

/// Opens `<state>/sluice.db`, creating the folder (mode 0700) and the schema where needed.
Result<Database> open_state(const std::filesystem::path& state);

/// A secret of this installation, made on first use.
Result<std::string> installation_secret(Database& database);

/// Leaves word of an administrative change, in the caller's transaction, so that none can happen
/// without its record; the gateway moves it to the audit log.
Result<> leave_admin_event(Database& database, std::string_view actor, std::string_view message);
/// The same of another type of record than "admin".
Result<> leave_event(Database& database, std::string_view type, std::string_view actor,
                     std::string_view message);

/// One change waiting to be recorded.
struct AdminEvent {
  int64_t id = 0;
  int64_t time_micros = 0;
  std::string actor;
  std::string message;
  std::string type;  ///< "admin", "audit_read", "evidence", "approval", "grant", "break_glass"
};
Result<std::vector<AdminEvent>> waiting_admin_events(Database& database);
Result<> forget_admin_event(Database& database, int64_t id);

}  // namespace sluice::store
