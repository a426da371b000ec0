#include "control/reconciling.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "audit/reconcile.h"
#include "audit/stamp_finder.h"
#include "audit/tree_files.h"
#include "base/random.h"
#include "gateway/asking.h"
#include "store/wal_marks.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

/// Changes read at a time; what the server holds in memory or on its disk for us is bounded by it,
/// unless one transaction alone has more.
constexpr unsigned kBatch = 50'000;
constexpr size_t kMostNearby = 5;
/// A record is written a moment after its commit: how long one is waited for.
constexpr std::chrono::seconds kPatience{5};
/// A copy of the slot that ends with the connection, so that reading does not move the slot.
constexpr std::string_view kReading = "sluice_reconciling";

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

/// As PostgreSQL wants names of slots: of lower case letters, digits and "_", at most 63.
std::string default_slot(std::string_view database) {
  std::string out = "sluice_";
  for (const char c : database) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool upper = c >= 'A' && c <= 'Z';
    out.push_back(plain ? c : upper ? static_cast<char>(c - 'A' + 'a') : '_');
  }
  return out.substr(0, 63);
}

/// One row of one statement, whose columns are told apart by their places.
Result<catalog::Row> ask_row(gateway::Asking& server, const std::string& text, size_t columns) {
  SLUICE_ASSIGN(auto results, server.ask(text));
  if (results.empty() || results.back().size() != 1 || results.back()[0].size() != columns) {
    return fail(ErrorCode::kProtocol, "the server's answer cannot be read");
  }
  return std::move(results.back()[0]);
}

struct Work {
  const Reconciling& place;
  const config::DatabaseConfig& database;
  std::string slot;
  std::unique_ptr<gateway::Asking> server;
  std::string up_to;     ///< where the WAL ends now, or as far as there was time
  std::string slot_lsn;  ///< where the slot stands
  std::string copy;      ///< name of its copy, which ends with the connection
};

tl::unexpected<Error> not_ready(const Work& work, std::string text) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("database {}: {}", work.database.name, std::move(text)));
}

/// What logical decoding needs, in the order in which an operator sets it up.
Result<> check_server(Work& work) {
  SLUICE_TRY(
      work.server->ask("SET TimeZone = 'UTC'; SET statement_timeout = 0; "
                       "SET client_encoding = 'UTF8'; SET search_path = pg_catalog; "
                       "SET default_transaction_read_only = off"));
  SLUICE_ASSIGN(const auto row,
                ask_row(*work.server,
                        "SELECT pg_is_in_recovery()::text, current_setting('wal_level'), "
                        "(SELECT (rolreplication OR rolsuper)::text FROM pg_roles WHERE rolname = "
                        "current_user), current_user::text",
                        4));
  if (row[0] == "true") return not_ready(work, "it is a standby: name its primary in url");
  if (row[1] != "logical") {
    return not_ready(work, fmt::format("wal_level is {}: set wal_level = logical in "
                                       "postgresql.conf and restart the server",
                                       row[1].value_or("?")));
  }
  if (row[2] != "true") {
    return not_ready(work, fmt::format("role {0} may not read the WAL: ALTER ROLE {0} REPLICATION",
                                       row[3].value_or("?")));
  }
  SLUICE_ASSIGN(const auto end, ask_row(*work.server, "SELECT pg_current_wal_flush_lsn()", 1));
  work.up_to = end[0].value_or("");
  return {};
}

Result<> find_slot(Work& work) {
  SLUICE_ASSIGN(auto results,
                work.server->ask("SELECT plugin, database = current_database(), wal_status, "
                                 "confirmed_flush_lsn, active FROM pg_replication_slots "
                                 "WHERE slot_name = " +
                                 literal(work.slot)));
  if (results.size() != 1 || results[0].empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("database {0}: no replication slot {1}. Make it, and compare from then "
                            "on: sluice audit reconcile {0} --create-slot",
                            work.database.name, work.slot));
  }
  const auto& row = results[0][0];
  if (row.size() != 5) return not_ready(work, "the server's answer cannot be read");
  if (row[0] != "test_decoding" || row[1] != "t") {
    return not_ready(work, fmt::format("slot {} is not for this (plugin test_decoding, in this "
                                       "database): name another with --slot",
                                       work.slot));
  }
  if (row[2] == "lost") {
    return not_ready(work,
                     fmt::format("the server has removed WAL that slot {0} had not read yet "
                                 "(max_slot_wal_keep_size): what was committed behind {1} cannot "
                                 "be compared any more. SELECT pg_drop_replication_slot('{0}'), "
                                 "and make another with --create-slot",
                                 work.slot, row[3].value_or("?")));
  }
  if (row[4] == "t") return not_ready(work, "somebody else is reading from slot " + work.slot);
  work.slot_lsn = row[3].value_or("");
  return {};
}

/// A slot of this name that is gone was read up to somewhere; what lies between is never compared.
void tell_gap(const Work& work, const std::optional<std::string>& mark, Reconciled& made) {
  const auto before = mark ? audit::parse_lsn(*mark) : std::nullopt;
  const auto now = audit::parse_lsn(made.from);
  if (!before || !now || *now <= *before) return;
  made.gap = true;
  made.findings.emplace_back(json::object{
      {"time", format_time(wall_micros())},
      {"finding", "gap"},
      {"lsn", made.from},
      {"text", fmt::format("the slot {} before it was read up to {}: what lies between was not "
                           "compared",
                           work.slot, *mark)}});
}

/// Comparing takes another slot for a moment.
Result<> check_slots_left(Work& work) {
  SLUICE_ASSIGN(const auto row,
                ask_row(*work.server,
                        "SELECT current_setting('max_replication_slots'), ((SELECT count(*) FROM "
                        "pg_replication_slots) < current_setting('max_replication_slots')::int)"
                        "::text",
                        2));
  if (row[1] == "true") return {};
  return not_ready(work, fmt::format("all {} replication slots are in use: raise "
                                     "max_replication_slots in postgresql.conf and restart the "
                                     "server, or drop those that nobody reads",
                                     row[0].value_or("?")));
}

/// That a slot can be made: the name is free, and there is room.
Result<> check_free(Work& work) {
  SLUICE_ASSIGN(auto results, work.server->ask("SELECT 1 FROM pg_replication_slots WHERE "
                                               "slot_name = " +
                                               literal(work.slot)));
  if (results.size() != 1 || results[0].empty()) return check_slots_left(work);
  // Of one that is lost or somebody else's that is what has to be said.
  SLUICE_TRY(find_slot(work));
  return fail(ErrorCode::kExists,
              fmt::format("database {0}: there is a replication slot {1} already. Compare with "
                          "it: sluice audit reconcile {0}; or name another with --slot",
                          work.database.name, work.slot));
}

Result<Reconciled> create_slot(Work& work) {
  SLUICE_ASSIGN(const auto mark, store::wal_mark(work.place.state, work.database.name, work.slot));
  SLUICE_TRY(check_free(work));
  SLUICE_ASSIGN(const auto row,
                ask_row(*work.server,
                        fmt::format("SELECT lsn FROM pg_create_logical_replication_slot({}, "
                                    "'test_decoding')",
                                    literal(work.slot)),
                        1));
  const std::string lsn = row[0].value_or("");
  Reconciled made;
  made.slot = work.slot;
  made.from = made.to = lsn;
  made.created = true;
  tell_gap(work, mark, made);
  // The word comes first: once the mark is set nothing tells of the gap any more.
  SLUICE_TRY(work.place.tell(fmt::format(
      "made slot {} of database {} at {}{}", work.slot, work.database.name, lsn,
      made.gap ? "; " + std::string(made.findings[0].at("text").as_string()) : std::string())));
  SLUICE_TRY(store::set_wal_mark(work.place.state, work.database.name, work.slot, lsn));
  return made;
}

Result<std::string> origin_of(const std::filesystem::path& audit) {
  SLUICE_ASSIGN(const auto text, audit::tree_files(audit).read_checkpoint());
  SLUICE_ASSIGN(const auto note, tlog::parse_note(text));
  SLUICE_ASSIGN(const auto head, tlog::parse_checkpoint(note.text));
  return head.origin;
}

/// Finds records of stamps, and waits for those that may be on their way.
audit::Reconciler::FindRecord patient(audit::StampFinder& finder) {
  const auto deadline = Clock::now() + kPatience;
  return [&finder,
          deadline](const audit::Stamp& stamp) -> Result<std::optional<audit::RecordedStamp>> {
    for (;;) {
      const bool last = Clock::now() > deadline;
      SLUICE_ASSIGN(auto found, finder.find(stamp));
      if (found || last) return found;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  };
}

json::object to_json(const audit::WalFinding& finding) {
  const auto& transaction = finding.transaction;
  json::object tables;
  for (const auto& [name, changes] : transaction.tables) {
    tables[name] = json::object{{"inserts", changes.inserts},
                                {"updates", changes.updates},
                                {"deletes", changes.deletes},
                                {"truncates", changes.truncates}};
  }
  return json::object{{"time", format_time(transaction.commit_micros)},
                      {"finding", name_of(finding.why)},
                      {"xid", transaction.xid},
                      {"lsn", transaction.lsn},
                      {"changes", audit::describe(transaction.tables)},
                      {"text", finding.text},
                      {"nearby", json::array(finding.records.begin(), finding.records.end())},
                      {"tables", std::move(tables)}};
}

/// There is no more time: what was read is all that is compared. A batch ends with a transaction.
Result<> stop_here(Work& work, Reconciled& outcome) {
  SLUICE_ASSIGN(const auto row, ask_row(*work.server,
                                        "SELECT confirmed_flush_lsn FROM pg_replication_slots "
                                        "WHERE slot_name = " +
                                            literal(work.copy),
                                        1));
  work.up_to = row[0].value_or(work.slot_lsn);
  outcome.more = true;
  return {};
}

/// Reads the WAL batch by batch from a copy of the slot; memory is that of one batch.
Result<> read_wal(Work& work, const ReconcileWish& wish, audit::StampFinder& finder,
                  audit::Reconciler& reconciler, Reconciled& outcome, std::string& first) {
  const auto begun = Clock::now();
  SLUICE_TRY(check_slots_left(work));
  SLUICE_TRY(work.server->ask(fmt::format("SELECT pg_copy_logical_replication_slot({}, '{}', true)",
                                          literal(work.slot), work.copy)));
  const auto query = audit::wal_query(work.copy, work.up_to, kBatch);
  audit::WalReader reader;
  for (;;) {
    if (work.place.most_time > Duration::zero() && Clock::now() - begun > work.place.most_time)
      return stop_here(work, outcome);
    SLUICE_ASSIGN(auto results, work.server->ask(query));
    if (results.size() != 1) return not_ready(work, "the server's answer cannot be read");
    if (results[0].empty()) break;
    std::string at;
    for (auto& row : results[0]) {
      if (row.size() != 4) return not_ready(work, "the server's answer cannot be read");
      SLUICE_ASSIGN(const auto transaction,
                    reader.take({row[0].value_or(""), row[1].value_or(""), row[2].value_or(""),
                                 row[3].value_or("")}));
      if (!transaction || transaction->commit_micros < wish.since_micros) continue;
      at = transaction->lsn;
      SLUICE_ASSIGN(auto finding, reconciler.judge(*transaction));
      if (!finding) continue;
      if (finding->why == audit::Unexplained::kUnstamped) {
        SLUICE_ASSIGN(finding->records, finder.nearby(*transaction, kMostNearby));
      }
      if (first.empty()) {
        first = fmt::format("; the first: {} transaction {} of {} at {}", name_of(finding->why),
                            transaction->xid, audit::describe(transaction->tables).substr(0, 300),
                            format_time(transaction->commit_micros));
      }
      outcome.findings.emplace_back(to_json(*finding));
      // The slot stays in front of what is not told: the next time goes on there.
      if (outcome.findings.size() < wish.limit) continue;
      outcome.limited = true;
      work.up_to = transaction->lsn;
      return {};
    }
    if (work.place.progress) work.place.progress(reconciler.counts().transactions, at, work.up_to);
  }
  return {};
}

/// Whoever may replicate can move a slot past what is not to be seen, or make it anew.
Result<> look_for_gap(const Work& work, Reconciled& outcome, std::string& first) {
  SLUICE_ASSIGN(const auto mark, store::wal_mark(work.place.state, work.database.name, work.slot));
  const auto ours = mark ? audit::parse_lsn(*mark) : std::nullopt;
  const auto theirs = audit::parse_lsn(work.slot_lsn);
  outcome.gap = !ours || !theirs || *theirs > *ours;
  if (!outcome.gap) return {};
  const auto text =
      mark ? fmt::format(
                 "slot {} stands at {}, and was left at {}: somebody else has moved it or "
                 "made it anew; what lies between was not compared",
                 work.slot, work.slot_lsn, *mark)
           : fmt::format(
                 "slot {} was not made by --create-slot: what was committed before {} was "
                 "not compared",
                 work.slot, work.slot_lsn);
  first = "; " + text;
  outcome.findings.emplace_back(json::object{{"time", format_time(wall_micros())},
                                             {"finding", "gap"},
                                             {"lsn", work.slot_lsn},
                                             {"text", text}});
  return {};
}

/// The slot goes on behind what was compared, and lets the server remove that.
Result<> advance(Work& work) {
  const auto from = audit::parse_lsn(work.slot_lsn);
  const auto to = audit::parse_lsn(work.up_to);
  const bool ahead = from && to && *to > *from;
  if (ahead) {
    SLUICE_TRY(work.server->ask(fmt::format("SELECT pg_replication_slot_advance({}, {})",
                                            literal(work.slot), literal(work.up_to))));
  }
  // Not where the server says that it stands by now: somebody may just have moved it.
  return store::set_wal_mark(work.place.state, work.database.name, work.slot,
                             ahead ? work.up_to : work.slot_lsn);
}

Result<Reconciled> compare(Work& work, const ReconcileWish& wish) {
  SLUICE_TRY(find_slot(work));
  SLUICE_ASSIGN(const auto origin, origin_of(work.place.audit));
  audit::StampFinder finder(work.place.audit, work.database.name);
  audit::Reconciler reconciler(
      {std::string(work.place.secret.reveal()), origin, work.database.name}, patient(finder));
  Reconciled outcome;
  std::string first;
  SLUICE_TRY(look_for_gap(work, outcome, first));
  outcome.slot = work.slot;
  outcome.from = work.slot_lsn;
  SLUICE_TRY(read_wal(work, wish, finder, reconciler, outcome, first));
  outcome.to = work.up_to;
  outcome.counts = reconciler.counts();
  SLUICE_TRY(work.place.tell(fmt::format(
      "reconciled database {} by slot {} from {} to {}: {} transaction(s), {} explained, {} not{}",
      work.database.name, work.slot, outcome.from, outcome.to, outcome.counts.transactions,
      outcome.counts.explained, outcome.counts.unexplained, first)));
  if (!wish.keep && wish.since_micros == 0) SLUICE_TRY(advance(work));
  return outcome;
}

}  // namespace

Result<Reconciled> reconcile(const Reconciling& place, const ReconcileWish& wish) {
  Work work{place,
            place.database,
            wish.slot.empty() ? default_slot(place.database.name) : wish.slot,
            {},
            {},
            {},
            fmt::format("{}_{:x}", kReading, random_u64())};
  SLUICE_ASSIGN(work.server, gateway::Asking::connect(place.database));
  SLUICE_TRY(check_server(work));
  return wish.create_slot ? create_slot(work) : compare(work, wish);
}

json::object to_json(const Reconciled& outcome) {
  return json::object{{"slot", outcome.slot},
                      {"created", outcome.created},
                      {"from", outcome.from},
                      {"to", outcome.to},
                      {"transactions", outcome.counts.transactions},
                      {"explained", outcome.counts.explained},
                      {"unexplained", outcome.counts.unexplained},
                      {"gap", outcome.gap},
                      {"more", outcome.more},
                      {"limited", outcome.limited},
                      {"findings", outcome.findings}};
}

}  // namespace sluice::control
