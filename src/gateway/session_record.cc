// Session: what goes into the audit log, and when.
#include <algorithm>
#include <cmath>

#include "audit/subject_set.h"
#include "gateway/attributed.h"
#include "gateway/budgets.h"
#include "gateway/session.h"
#include "gateway/shown_values.h"
#include "gateway/worker.h"
#include "sql/comment_tags.h"
#include "wire/postgres/encode.h"

namespace sluice::gateway {
namespace {

void judged(audit::Event& event, const policy::Decision* decision) {
  if (decision == nullptr) return;
  event.rule = decision->rule;
  event.matched = &decision->matched;
  event.shadow = &decision->shadow;
  event.policy_version = decision->policy_version;
  event.approval = decision->approval;
  if (decision->estimated_rows) {
    constexpr double kMost = 1e15;
    event.estimated_rows =
        static_cast<uint64_t>(std::clamp(std::round(*decision->estimated_rows), 0.0, kMost));
  }
}

/// What the record says of the sensitive values of a result; to live as long as the event.
struct Veiled {
  std::vector<std::string> values, columns;
  std::string shown, masked;
};

/// What of its result was hidden, what was shown that others do not see, and which values these
/// were.
void veiled(audit::Event& event, const Expected& entry, Veiled& veiled) {
  if (entry.masking) event.released = &entry.masking->plan().released;
  if (!entry.masked) return;
  veiled.values = masked_values(*entry.masked);
  if (!veiled.values.empty()) event.masked = &veiled.values;
  if (!entry.masked->sightings) return;
  const auto shown = entry.masked->sightings->take(false);
  event.subjects = entry.masked->sightings->shown(shown);
  veiled.shown = audit::encode_set(shown);
  veiled.masked = audit::encode_set(entry.masked->sightings->take(true));
  veiled.columns = shown_values(
      *entry.masked, event.released == nullptr ? std::vector<std::string>() : *event.released);
  event.released = &veiled.columns;
  event.seen_shown = veiled.shown;
  event.seen_masked = veiled.masked;
}

/// Refused, or undone.
void refused(audit::Event& event, const policy::Decision& decision) {
  judged(event, &decision);
  event.sqlstate = decision.sqlstate;
  event.message = decision.message;
}

}  // namespace

/// What it is and does.
void Session::describe(audit::Event& event, const Statement* statement) const {
  if (statement == nullptr) return;
  const Database& database = *admission_.database;
  event.text = statement->recorded.text;
  event.text_digest = statement->recorded.digest;
  if (!statement->recorded.tags.empty()) event.tags = &statement->recorded.tags;
  event.kind = statement->facts().kind;
  event.details =
      statement->meaning->details(database.has_catalog() ? &database.labels() : nullptr);
}

/// How it ended, after how long, and what it moved.
void Session::outcome_of(audit::Event& event, const Expected& entry, audit::Outcome outcome,
                         std::string_view sqlstate, std::string_view message) const {
  event.outcome = outcome;
  event.sqlstate = sqlstate;
  event.message = message;
  event.rows = entry.rows;
  event.bytes = entry.bytes;
  event.time_micros = entry.started.wall_micros;
  event.duration_micros = now_.micros_since(entry.started);
  event.server_micros = entry.server_micros != 0 ? entry.server_micros : event.duration_micros;
  event.waited_micros = entry.waited_micros;
  if (entry.spending) event.planner_cost = entry.spending->used(policy::Amount::kPlannerCost);
  event.transaction = entry.transaction;
  event.transaction_outcome = entry.transaction_outcome;
  event.stamp = entry.stamp;
  if (entry.stamp == stamping_.server_transaction_of)
    event.server_transaction = stamping_.server_transaction;
  if (outcome != audit::Outcome::kAllowed || !sqlstate.empty()) return;
  if (!entry.changed.empty()) {
    event.changed = &entry.changed;
  } else if (entry.tagged && entry.text && entry.text->facts().writes) {
    event.changed_table = entry.text->meaning->counted_table();
  }
}

bool Session::record(const audit::Event& what) {
  audit::Event event = what;
  const std::string change = change_run_ ? change_run_->label() : std::string();
  event.change = change;
  std::vector<std::string> tags;
  if (event.type == audit::EventType::kStatement) {
    event.purpose = acting_.stated.purpose;
    tags = tags_with(acting_.said_now, event.tags);
    if (!tags.empty()) event.tags = &tags;
  }
  if (change_run_)
    event.ticket = change_run_->approved().ticket;
  else if (event.tags != nullptr)
    event.ticket = sql::tag_value(*event.tags, "ticket");
  const auto sequence = worker_.log().append(context_, event);
  if (!sequence) {
    // Something has happened that cannot be recorded: nobody learns its result.
    if (!finished_) {
      fatal("58030", "the audit log cannot be written: " + sequence.error().text,
            "An operator finds the reason at /readyz and in the gateway's log.");
    }
    return false;
  }
  if (event.type == audit::EventType::kStatement) {
    last_recorded_ = *sequence;
    // A client of the gateway's own, which has no session to ask in later (mcp/query_client.h).
    if (!admission_.asked_from.empty() && client_ && !finished_) {
      std::string told;
      wire::postgres::encode_parameter_status(told, "sluice.record", std::to_string(*sequence));
      send_to_client(Bytes(told));
    }
    if (event.outcome != audit::Outcome::kDenied) {
      for (const std::string& grant : admission_.principal.grants)
        worker_.shared().used_grants.note(grant.substr(0, grant.find(' ')), event.time_micros);
    }
  }
  if (worker_.log().durable_sequence() < *sequence) {
    worker_.sync_records();
    if (client_) {
      client_->hold_output(true);
      worker_.release_when_durable(id_, *sequence);
    }
  }
  return true;
}

bool Session::record_statement(const Expected& entry, audit::Outcome outcome,
                               std::string_view sqlstate, std::string_view message,
                               std::string_view kind) {
  audit::Event event;
  event.phase = entry.kind == RequestKind::kParse          ? audit::Phase::kParse
                : entry.kind == RequestKind::kFunctionCall ? audit::Phase::kFunctionCall
                                                           : audit::Phase::kSimple;
  outcome_of(event, entry, outcome, sqlstate, message);
  describe(event, entry.text.get());
  if (!kind.empty()) event.kind = kind;
  event.statement_name = entry.statement;
  judged(event, entry.decision.get());
  Veiled values;
  if (entry.kind != RequestKind::kParse) veiled(event, entry, values);
  if (entry.spending) entry.spending->charge(used_by(event));
  if (!end_export(entry, event)) return false;
  auto& counters = worker_.counters();
  counters.statements_allowed.add();
  counters.rows.add(entry.rows);
  if (entry.masked) counters.masked_values.add(masked_count(*entry.masked));
  return record(event);
}

bool Session::record_execution(const Expected& entry, audit::Outcome outcome,
                               std::string_view sqlstate, std::string_view message) {
  audit::Event event;
  event.phase = audit::Phase::kExecute;
  outcome_of(event, entry, outcome, sqlstate, message);
  std::string unknown;
  if (Portal* portal = prepared_.find_portal(entry.portal)) {
    describe(event, portal->prepared.text.get());
    event.statement_name = portal->statement;
    event.parameters = portal->parameters;
    event.parameters_digest = portal->parameters_digest;
    judged(event, entry.decision ? entry.decision.get() : portal->prepared.decision.get());
    portal->prepared.recorded = true;
    if (Prepared* prepared = prepared_.find(portal->statement)) prepared->recorded = true;
  }
  if (event.text.empty() && message.empty()) {
    // Made by SQL (DECLARE, PREPARE), which stands in a record of its own.
    unknown = "portal or statement made by SQL: \"" + entry.portal + "\"";
    event.message = unknown;
  }
  Veiled values;
  veiled(event, entry, values);
  if (entry.spending) entry.spending->charge(used_by(event));
  if (!end_export(entry, event)) return false;
  auto& counters = worker_.counters();
  counters.statements_allowed.add();
  counters.rows.add(entry.rows);
  if (entry.masked) counters.masked_values.add(masked_count(*entry.masked));
  return record(event);
}

bool Session::record_bind(const Expected& entry, audit::Outcome outcome, std::string_view sqlstate,
                          std::string_view message) {
  audit::Event event;
  event.phase = audit::Phase::kExecute;
  outcome_of(event, entry, outcome, sqlstate, message);
  if (Prepared* prepared = prepared_.find(entry.statement)) {
    describe(event, prepared->text.get());
    judged(event, prepared->decision.get());
    prepared->recorded = true;
  }
  event.statement_name = entry.statement;
  event.parameters = entry.parameters;
  event.parameters_digest = entry.parameters_digest;
  return end_export(entry, event) && record(event);
}

bool Session::record_parse(Prepared& prepared, std::string_view name) {
  if (prepared.recorded) return true;
  prepared.recorded = true;
  audit::Event event;
  event.time_micros = now_.wall_micros;
  event.phase = audit::Phase::kParse;
  describe(event, prepared.text.get());
  event.statement_name = name;
  judged(event, prepared.decision.get());
  return record(event);
}

bool Session::record_refusal(audit::Phase phase, std::string_view name, const Statement* statement,
                             const policy::Decision& decision) {
  worker_.counters().statements_denied.add();
  if (decision.rule == "audit-unavailable") return true;  // There is nowhere to write it.
  audit::Event event;
  event.time_micros = now_.wall_micros;
  event.phase = phase;
  event.outcome = audit::Outcome::kDenied;
  describe(event, statement);
  event.statement_name = name;
  refused(event, decision);
  event.transaction = transactions_.current().number;
  return record(event);
}

/// It ran, and was ended or undone by a limit.
bool Session::record_limited(const Expected& entry, const policy::Decision& decision) {
  worker_.counters().statements_denied.add();
  audit::Event event;
  outcome_of(event, entry, audit::Outcome::kLimited, {}, {});
  event.phase =
      entry.kind == RequestKind::kExecute ? audit::Phase::kExecute : audit::Phase::kSimple;
  // What ran in a transaction of the gateway's own is undone with it.
  if (own_transaction_ && settling_.get() == &entry) {
    event.transaction_outcome = audit::TransactionOutcome::kRolledBack;
  }
  describe(event, entry.text.get());
  if (const Portal* portal = prepared_.find_portal(entry.portal);
      portal != nullptr && entry.kind == RequestKind::kExecute) {
    event.statement_name = portal->statement;
    event.parameters = portal->parameters;
    event.parameters_digest = portal->parameters_digest;
  }
  refused(event, decision);
  // Its client is told so next.
  if (entry.captured) {
    const std::string told = refusal_response(decision);
    if (!keep(entry, told[0], Bytes(told).substr(wire::postgres::kHeaderSize))) return false;
  }
  if (!end_export(entry, event)) return false;
  if (entry.exported) event.receipt = entry.exported->id;
  Veiled values;
  veiled(event, entry, values);
  if (entry.spending) entry.spending->charge(used_by(event));
  return record(event);
}

/// What came before a Sync outside of a block is committed by it; that has failed.
bool Session::record_failed_sync(const Expected& entry, std::string_view sqlstate,
                                 std::string_view message) {
  // Else there was nothing to commit, or it is a block of the client's.
  if (entry.transaction_outcome != audit::TransactionOutcome::kRolledBack) return true;
  audit::Event event;
  event.phase = audit::Phase::kExecute;
  outcome_of(event, entry, audit::Outcome::kAllowed, sqlstate, message);
  event.kind = "COMMIT";
  return record(event);
}

void Session::record_lost() {
  if (settling_) {
    unknown_end_ = true;
    const auto lost = std::move(settling_);
    if (lost->kind == RequestKind::kQuery) {
      record_statement(*lost, audit::Outcome::kLost, {}, "the session ended first");
    } else {
      record_execution(*lost, audit::Outcome::kLost, {}, "the session ended first");
    }
  }
  // What was sent and never seen to end: it may have run.
  for (; !expected_.empty(); expected_.pop()) {
    Expected& entry = expected_.front();
    if (entry.refused || entry.failed) continue;
    entry.transaction = transactions_.running().number;
    entry.transaction_outcome = audit::TransactionOutcome::kOpen;
    unknown_end_ = true;
    if (entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kFunctionCall) {
      record_statement(entry, audit::Outcome::kLost, {}, "the session ended first");
    } else if (entry.kind == RequestKind::kExecute) {
      record_execution(entry, audit::Outcome::kLost, {}, "the session ended first");
    } else if (entry.kind == RequestKind::kParse) {
      record_statement(entry, audit::Outcome::kLost, {}, "the session ended first");
    }
  }
  if (Prepared* unnamed = prepared_.find({})) record_parse(*unnamed, {});
}

void Session::record_end(std::string_view reason) {
  audit::Event event;
  event.type = audit::EventType::kSessionEnd;
  event.time_micros = wall_micros();
  event.message = reason;
  event.rows = statements_;
  event.duration_micros = static_cast<uint64_t>(event.time_micros - started_micros_);
  if (transactions_.open() && !unknown_end_) {
    event.transaction = transactions_.current().number;
    event.transaction_outcome = audit::TransactionOutcome::kRolledBack;
  }
  record(event);
}

}  // namespace sluice::gateway
