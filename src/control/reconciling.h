#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "audit/reconcile.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "config/config.h"
#include "store/database.h"

namespace sluice::control {

/// Of what is compared, and with what. All of it outlives the call.
struct Reconciling {
  const config::DatabaseConfig& database;
  std::filesystem::path audit;  ///< `<state>/audit`
  store::Database& state;       ///< where it is kept up to where was compared
  SecretString secret;          ///< of the installation: stamps are made with it
  /// Puts a word on the record as `evidence`.
  std::function<Result<>(const std::string&)> tell;
  Duration most_time = Duration::zero();  ///< zero: as long as it takes
  /// After each batch: transactions so far, where it stands, where it ends. May be null.
  std::function<void(uint64_t, std::string_view, std::string_view)> progress = {};
};

/// What is wanted of it.
struct ReconcileWish {
  std::string slot;          ///< empty: made of the database's name
  int64_t since_micros = 0;  ///< only what was committed from then on
  bool create_slot = false;  ///< make it, and compare nothing yet
  bool keep = false;         ///< the slot stays where it is, as it does with since_micros
  size_t limit = 100;        ///< of findings; nothing is compared behind the last one
};

/// What came of it.
struct Reconciled {
  std::string slot, from, to;  ///< of the WAL, as PostgreSQL writes places in it
  bool created = false;
  bool gap = false;      ///< somebody else has moved the slot: what lies before was not compared
  bool more = false;     ///< there was no time for what lies behind `to`
  bool limited = false;  ///< there were as many findings as were wanted up to `to`
  audit::ReconcileCounts counts;
  boost::json::array findings;  ///< what no record explains, and the gap

  bool good() const { return counts.unexplained == 0 && !gap; }
};

/// Whether all that a server has committed has passed through the gateway (docs/audit.md): reads
/// its WAL by a replication slot, and looks for the record of each transaction. Errors:
/// kUnavailable, what has to be set up at the server first; kNotFound, there is no slot yet.
Result<Reconciled> reconcile(const Reconciling& place, const ReconcileWish& wish);

boost::json::object to_json(const Reconciled& outcome);

}  // namespace sluice::control
