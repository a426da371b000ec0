#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "store/database.h"

namespace sluice::store {

/// Opens the store of the installation: the PostgreSQL server that the configuration names, or
/// `<state>/sluice.db`. Creates the schema, or brings it up to date, where needed.
Result<Database> open_state(const config::Config& config);

/// Opens `<state>/sluice.db`, creating the folder (mode 0700) and the schema where needed: what is
/// this gateway's alone, also where others share the store with it. That is, the marks of its WAL
/// reconciliation, what it has cosigned as a witness, its name, and words for its own audit log.
Result<Database> open_local(const std::filesystem::path& state);

/// Opens the store of the installation anew, for who needs it rarely.
using Opener = std::function<Result<Database>()>;

/// How the schema came to be what it is: see Database::migrate.
std::span<const char* const> schema_steps();

/// A secret of this installation, made on first use.
Result<std::string> installation_secret(Database& database);

/// As text that every database takes: UTF-8 without NUL.
std::string storable(std::string_view text);

/// Leaves word of an administrative change, in the caller's transaction, so that none can happen
/// without its record; the gateway moves it to the audit log.
Result<> leave_admin_event(Database& database, std::string_view actor, std::string_view message);
/// The same of another type of record than "admin".
Result<> leave_event(Database& database, std::string_view type, std::string_view actor,
                     std::string_view message);

/// The name under which a gateway takes what is to be recorded, made on first use; of its own
/// store (`open_local`).
Result<std::string> gateway_name(Database& local);

/// One change waiting to be recorded.
struct AdminEvent {
  int64_t id = 0;
  int64_t time_micros = 0;
  std::string actor;
  std::string message;
  std::string type;      ///< "admin", "audit_read", "evidence", "approval", "grant", "break_glass"
  std::string taken_by;  ///< the gateway that has said it would record it; empty: none yet
  int64_t taken_micros = 0;
};
/// All of them, the oldest first.
Result<std::vector<AdminEvent>> waiting_admin_events(Database& database);
/// Those that `gateway` is to record, as they were before: what it says of none is nobody else's,
/// as long as it comes back to it within kAbandoned. `taken_by` is then itself for what it may have
/// recorded before it could say so, and another one for what that has not come back to.
Result<std::vector<AdminEvent>> take_admin_events(Database& database, std::string_view gateway,
                                                  int64_t now_micros);
inline constexpr int64_t kAbandonedMicros = 600'000'000;
/// It is on the record.
Result<> forget_admin_event(Database& database, int64_t id);

}  // namespace sluice::store
