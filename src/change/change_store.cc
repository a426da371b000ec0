#include "change/change_store.h"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "identity/user_store.h"
#include "store/state.h"

namespace sluice::change {
namespace {

namespace json = boost::json;

constexpr const char* kColumns =
    "number, state, created_micros, requester, actors, title, reason, ticket, targets, script, "
    "rollback_script, lock_timeout_ms, statement_timeout_ms, request, problem, started_micros, "
    "ended_micros, schemas_after, attestation";

std::string to_text(const std::vector<std::string>& texts) {
  return json::serialize(json::array(texts.begin(), texts.end()));
}

std::vector<std::string> texts_of(const std::string& list) {
  std::vector<std::string> out;
  const json::value parsed = json::parse(list);
  for (const auto& text : parsed.as_array()) out.emplace_back(text.as_string());
  return out;
}

int64_t millis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

Result<Change> row_of(const store::Statement& row) {
  const auto state = find_state(row.text(1));
  if (!state) return fail(ErrorCode::kProtocol, "a change in the store has an unknown state");
  Change out;
  out.number = row.integer(0);
  out.state = *state;
  out.created_micros = row.integer(2);
  out.requester = row.text(3);
  out.title = row.text(5);
  out.reason = row.text(6);
  out.ticket = row.text(7);
  out.script = row.text(9);
  out.rollback = row.text(10);
  out.lock_timeout = std::chrono::milliseconds(row.integer(11));
  out.statement_timeout = std::chrono::milliseconds(row.integer(12));
  out.request = row.integer(13);
  out.problem = row.text(14);
  out.started_micros = row.integer(15);
  out.ended_micros = row.integer(16);
  out.attestation = row.text(18);
  try {
    out.actors = texts_of(row.text(4));
    out.targets = texts_of(row.text(8));
    out.schemas_after = texts_of(row.text(17));
  } catch (const std::exception& error) {
    return fail(ErrorCode::kProtocol,
                fmt::format("change {} in the store cannot be read: {}", out.number, error.what()));
  }
  return out;
}

bool begins(State state) { return state == State::kRunning || state == State::kRollingBack; }

}  // namespace

std::string credential_label(int64_t number) { return fmt::format("change {}", number); }

Result<int64_t> ChangeStore::add(const Change& change) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(
      auto insert,
      database_.prepare("INSERT INTO changes (state, created_micros, requester, actors, "
                        "title, reason, ticket, targets, script, rollback_script, "
                        "lock_timeout_ms, statement_timeout_ms, request, problem, "
                        "runner, started_micros, ended_micros, schemas_after, attestation) VALUES "
                        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', '', 0, 0, '[]', ?) RETURNING "
                        "number"));
  SLUICE_ASSIGN(const int64_t number, insert.bind(1, name_of(change.state))
                                          .bind(2, change.created_micros)
                                          .bind(3, change.requester)
                                          .bind(4, to_text(change.actors))
                                          .bind(5, change.title)
                                          .bind(6, change.reason)
                                          .bind(7, change.ticket)
                                          .bind(8, to_text(change.targets))
                                          .bind(9, change.script)
                                          .bind(10, change.rollback)
                                          .bind(11, millis(change.lock_timeout))
                                          .bind(12, millis(change.statement_timeout))
                                          .bind(13, change.attestation)
                                          .run_returning());
  SLUICE_TRY(
      store::leave_event(database_, "approval", change.requester,
                         fmt::format("change {}: submitted for {}: {}; {}{}", number,
                                     fmt::join(change.targets, ", "), change.title, change.reason,
                                     change.ticket.empty() ? "" : "; ticket " + change.ticket)));
  SLUICE_TRY(transaction.commit());
  return number;
}

Result<Change> ChangeStore::find_locked(int64_t number) {
  SLUICE_ASSIGN(auto query, database_.prepare(
                                fmt::format("SELECT {} FROM changes WHERE number = ?", kColumns)));
  query.bind(1, number);
  SLUICE_ASSIGN(const bool row, query.step());
  if (!row)
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no change {}; see: sluice change list", number));
  SLUICE_ASSIGN(auto change, row_of(query));
  SLUICE_ASSIGN(change.steps, steps(number));
  return change;
}

Result<Change> ChangeStore::find(int64_t number) {
  const std::lock_guard lock(mutex_);
  return find_locked(number);
}

Result<std::vector<Change>> ChangeStore::list(const Wanted& wanted) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto query, database_.prepare(fmt::format(
                                "SELECT {} FROM changes WHERE (?1 = '' OR state = "
                                "?1) AND (?2 = '' OR requester = ?2) AND (number < ?4 OR "
                                "?4 = 0) ORDER BY number DESC LIMIT ?3",
                                kColumns)));
  query.bind(1, wanted.state ? name_of(*wanted.state) : "")
      .bind(2, wanted.requester)
      .bind(3, static_cast<int64_t>(wanted.limit))
      .bind(4, wanted.before);
  std::vector<Change> out;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return out;
    SLUICE_ASSIGN(auto change, row_of(query));
    out.push_back(std::move(change));
  }
}

Result<> ChangeStore::set_request(int64_t number, int64_t request) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE changes SET request = ? WHERE number = ? AND request = "
                                  "0"));
  return update.bind(1, request).bind(2, number).run();
}

Result<bool> ChangeStore::move(int64_t number, State from, State to, const std::string& actor,
                               const std::string& said, const std::string& problem) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(
      auto update,
      database_.prepare(fmt::format(
          "UPDATE changes SET state = ?, problem = ?, runner = ?, {} = ? WHERE number = ? "
          "AND state = ?",
          begins(to) ? "started_micros" : "ended_micros")));
  SLUICE_TRY(update.bind(1, name_of(to))
                 .bind(2, problem)
                 .bind(3, begins(to) ? runner_ : std::string())
                 .bind(4, wall_micros())
                 .bind(5, number)
                 .bind(6, name_of(from))
                 .run());
  if (database_.changes() != 1) return false;
  SLUICE_TRY(store::leave_event(
      database_, "approval", actor,
      fmt::format("change {}: {}{}{}", number, said, problem.empty() ? "" : ": ", problem)));
  SLUICE_TRY(transaction.commit());
  return true;
}

Result<> ChangeStore::set_schemas(int64_t number, const std::vector<std::string>& schemas) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE changes SET schemas_after = ? WHERE number = ?"));
  return update.bind(1, to_text(schemas)).bind(2, number).run();
}

Result<std::vector<StepRun>> ChangeStore::steps(int64_t number) {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT part, target, step, state, started_micros, ended_micros, "
                                  "message FROM change_steps WHERE change = ? ORDER BY id"));
  query.bind(1, number);
  std::vector<StepRun> out;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return out;
    const auto part = find_part(query.text(0));
    const auto state = find_step_state(query.text(3));
    if (!part || !state) return fail(ErrorCode::kProtocol, "a step in the store cannot be read");
    out.push_back({*part, static_cast<size_t>(query.integer(1)),
                   static_cast<size_t>(query.integer(2)), *state, query.integer(4),
                   query.integer(5), query.text(6)});
  }
}

Result<> ChangeStore::begin_step(int64_t number, const StepRun& step) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto insert,
                database_.prepare("INSERT INTO change_steps (change, part, target, step, state, "
                                  "started_micros, ended_micros, message) VALUES (?, ?, ?, ?, ?, "
                                  "?, 0, '')"));
  return insert.bind(1, number)
      .bind(2, name_of(step.part))
      .bind(3, static_cast<int64_t>(step.target))
      .bind(4, static_cast<int64_t>(step.step))
      .bind(5, name_of(StepState::kRunning))
      .bind(6, wall_micros())
      .run();
}

Result<> ChangeStore::end_step(int64_t number, const StepRun& step) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE change_steps SET state = ?, ended_micros = ?, message = "
                                  "? WHERE change = ? AND part = ? AND target = ? AND step = ?"));
  return update.bind(1, name_of(step.state))
      .bind(2, wall_micros())
      .bind(3, step.message)
      .bind(4, number)
      .bind(5, name_of(step.part))
      .bind(6, static_cast<int64_t>(step.target))
      .bind(7, static_cast<int64_t>(step.step))
      .run();
}

Result<> ChangeStore::move_steps(int64_t number, Part part, size_t target, StepState from,
                                 StepState to) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE change_steps SET state = ? WHERE change = ? AND part = ? "
                                  "AND target = ? AND state = ?"));
  return update.bind(1, name_of(to))
      .bind(2, number)
      .bind(3, name_of(part))
      .bind(4, static_cast<int64_t>(target))
      .bind(5, name_of(from))
      .run();
}

Result<> ChangeStore::close_interrupted() {
  std::vector<Change> running;
  {
    const std::lock_guard lock(mutex_);
    SLUICE_ASSIGN(auto query, database_.prepare(fmt::format(
                                  "SELECT {} FROM changes WHERE runner = ? AND state IN "
                                  "('running', 'rolling_back')",
                                  kColumns)));
    query.bind(1, runner_);
    for (;;) {
      SLUICE_ASSIGN(const bool row, query.step());
      if (!row) break;
      SLUICE_ASSIGN(auto change, row_of(query));
      running.push_back(std::move(change));
    }
  }
  for (const Change& change : running) SLUICE_TRY(interrupted(change));
  return {};
}

/// How the step that was under way has ended nobody knows; neither whether a transaction whose
/// steps had all run was committed.
Result<> ChangeStore::interrupted(const Change& change) {
  const bool forward = change.state == State::kRunning;
  const Part part = forward ? Part::kScript : Part::kRollback;
  for (size_t target = 0; target < change.targets.size(); ++target) {
    for (const auto state : {StepState::kRunning, StepState::kRan})
      SLUICE_TRY(move_steps(change.number, part, target, state, StepState::kUnknown));
  }
  SLUICE_ASSIGN([[maybe_unused]] const bool moved,
                move(change.number, change.state, forward ? State::kFailed : State::kRollbackFailed,
                     "sluice", forward ? "failed" : "rollback failed",
                     "interrupted, since the gateway ended: see what the databases say before "
                     "anything else"));
  const std::lock_guard lock(mutex_);
  identity::CredentialStore credentials(database_, "sluice");
  SLUICE_ASSIGN(const auto all, credentials.list(change.requester));
  for (const auto& credential : all) {
    if (credential.label == credential_label(change.number) && credential.live(wall_micros()))
      SLUICE_TRY(credentials.revoke(credential.id));
  }
  return {};
}

Result<identity::IssuedCredential> ChangeStore::issue(const identity::NewCredential& next,
                                                      const std::string& actor) {
  const std::lock_guard lock(mutex_);
  return identity::CredentialStore(database_, actor).issue(next);
}

Result<> ChangeStore::revoke(const std::string& credential, const std::string& actor) {
  const std::lock_guard lock(mutex_);
  return identity::CredentialStore(database_, actor).revoke(credential);
}

Result<std::shared_ptr<const identity::Directory>> ChangeStore::directory() {
  const std::lock_guard lock(mutex_);
  return identity::load_directory(database_);
}

}  // namespace sluice::change
