#include "control/undoer.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "sql/lint_text.h"

namespace sluice::control {

using gateway::Asking;

Result<Undoer::Outcome> Undoer::rows(const undo::Entry& entry, Mode mode) {
  SLUICE_ASSIGN(const auto images, store_.images(entry));
  Outcome outcome;
  outcome.entry = entry;
  const auto work = [&](Asking& server) -> Result<> {
    SLUICE_TRY(server.ask(undo::begin_restore()));
    SLUICE_ASSIGN(const auto standing, server.ask(undo::standing_question(images)));
    SLUICE_ASSIGN(auto plan, undo::plan(images, standing));
    outcome.conflicts = std::move(plan.conflicts);
    if (mode == Mode::kPreview || (mode == Mode::kStrict && !outcome.conflicts.empty())) return {};
    for (const auto& statement : undo::restore_statements(plan.restored))
      SLUICE_TRY(server.ask(statement));
    // What triggers have put off until COMMIT would escape the look.
    SLUICE_TRY(server.ask("SET CONSTRAINTS ALL IMMEDIATE"));
    SLUICE_ASSIGN(const auto restored, server.ask(undo::standing_question(plan.restored)));
    SLUICE_TRY(undo::check_restored(plan.restored, restored));
    SLUICE_TRY(server.ask("COMMIT"));
    outcome.undone = true;
    return {};
  };
  // What is not committed is rolled back with the connection.
  SLUICE_TRY(gateway_.ask_server(entry.database, false, work));
  return outcome;
}

Result<Undoer::Outcome> Undoer::things(const undo::Entry& entry, Mode mode) {
  SLUICE_ASSIGN(const auto kept, store_.kept(entry));
  Outcome outcome;
  outcome.entry = entry;
  const auto work = [&](Asking& server) -> Result<> {
    SLUICE_TRY(server.ask("BEGIN; SET LOCAL lock_timeout = '10s'"));
    auto checks = kept.checks;
    checks.push_back(fmt::format(
        "SELECT 'nothing is kept in {0}: its transaction was rolled back, or somebody has removed "
        "it' WHERE pg_catalog.to_regnamespace({1}) IS NULL",
        kept.schema, sql::literal(kept.schema)));
    for (const auto& check : checks) {
      SLUICE_ASSIGN(const auto answers, server.ask(check));
      for (const auto& row : answers.at(0)) outcome.conflicts.push_back({{}, {}, *row.at(0)});
    }
    if (mode == Mode::kPreview || !outcome.conflicts.empty()) return {};
    for (const auto& statement : kept.restore) SLUICE_TRY(server.ask(statement));
    SLUICE_TRY(server.ask("COMMIT"));
    outcome.undone = true;
    return {};
  };
  SLUICE_TRY(gateway_.ask_server(entry.database, mode != Mode::kPreview, work));
  return outcome;
}

Result<Undoer::Outcome> Undoer::run(const undo::Entry& entry, Mode mode) {
  return entry.place.empty() ? rows(entry, mode) : things(entry, mode);
}

Result<Undoer::Outcome> Undoer::preview(const undo::Entry& entry) {
  return run(entry, Mode::kPreview);
}

Result<Undoer::Outcome> Undoer::undo(const undo::Entry& entry, const std::string& actor,
                                     bool skip_conflicts) {
  SLUICE_ASSIGN(auto outcome, run(entry, skip_conflicts ? Mode::kSkipping : Mode::kStrict));
  if (!outcome.undone) return outcome;
  // Should this fail, nothing is lost: undone once more, every row is in conflict.
  const std::string skipped =
      outcome.conflicts.empty()
          ? std::string()
          : fmt::format(", without {} rows changed since", outcome.conflicts.size());
  SLUICE_ASSIGN([[maybe_unused]] const bool finished,
                store_.finish(entry, undo::EntryState::kUndone, actor,
                              fmt::format("undone what ran under request {} of \"{}\" at \"{}\": "
                                          "{}{}",
                                          entry.request, entry.requester, entry.database,
                                          entry.summary, skipped)));
  outcome.entry.state = undo::EntryState::kUndone;
  return outcome;
}

Result<> Undoer::forget_expired() {
  SLUICE_ASSIGN(const auto expired, store_.expired(wall_micros()));
  Result<> result;
  for (const auto& entry : expired) {
    if (!entry.place.empty()) {
      // Nobody but the gateway reaches it, so that there is nothing to wait for.
      const auto dropped =
          gateway_.ask_server(entry.database, false, [&](Asking& server) -> Result<> {
            SLUICE_TRY(
                server.ask(fmt::format("SET lock_timeout = '10s'; DROP SCHEMA IF EXISTS {} "
                                       "CASCADE",
                                       sql::quote_ident(entry.place))));
            return {};
          });
      if (!dropped) {
        result = fail(Error(dropped.error()));
        continue;
      }
    }
    SLUICE_ASSIGN([[maybe_unused]] const bool finished,
                  store_.finish(entry, undo::EntryState::kGone, "sluice",
                                fmt::format("not to be undone any more: what ran under request {} "
                                            "at \"{}\": {}",
                                            entry.request, entry.database, entry.summary)));
  }
  return result;
}

}  // namespace sluice::control
