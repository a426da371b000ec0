// Session: what an allowed statement may at most return and change.
//
// Results are bounded as they pass. Changes are bounded exactly: a bounded write runs in a
// transaction, the gateway's own where the client has opened none, and before anybody learns that
// it succeeded the server is asked what it has changed, cascades and triggers included; where the
// catalog says that nothing else can follow from it, its command tag tells. Too much is rolled
// back, and the client sees one ordinary error.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/bounded_words.h"
#include "gateway/budgets.h"
#include "gateway/in_flight.h"
#include "gateway/refusals.h"
#include "gateway/server_rules.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

std::string error_message(const pg::ErrorFields& fields) {
  std::string out;
  pg::encode_error_response(out, fields);
  return out;
}

std::shared_ptr<const policy::Decision> changes_unknown() {
  return refusal("changes-unknown", "42501",
                 "what the statement has changed cannot be counted: undone",
                 "An operator must see to it that track_counts is on at the server.");
}

/// Adds `more` to what was changed before, and puts the sum into both.
void add_to(Changes& before, Changes& more) {
  for (const auto& [table, rows] : more) before[table] += rows;
  more = before;
}

}  // namespace

bool Session::tag_counts(const Statement* statement, const policy::Decision& decision) const {
  return statement != nullptr && !decision.undoable &&
         counted_by_tag(statement->facts(), *scope_.scope->catalog) != nullptr;
}

Session::Pass Session::begin_counted_query(const Piece& piece,
                                           const std::shared_ptr<const Statement>& statement,
                                           const policy::Decision& decision, bool by_tag,
                                           bool& go_on) {
  go_on = false;
  if (since_sync_) {
    return reject_client("a simple query with bounded writes inside an unfinished pipeline");
  }
  if (!expected_.empty()) return defer(piece, kQueue);
  const auto& facts = statement->facts();
  // What the server has counted before says nothing behind a TRUNCATE: it is asked in between.
  const bool resets = transaction_ == 'T' && facts.statements > 1 && resets_counts(facts);
  if (!facts.transaction.empty() || facts.outside_transaction || resets) {
    const auto query = pg::decode_query(piece.body());
    if (query && !facts.outside_transaction && begin_split(query->text)) return Pass::kDrop;
    return refuse_query(
        audit::Phase::kSimple, statement.get(),
        refusal("bounded-write-alone", "42501",
                "a write whose rows are counted stands in a text that the server would run as "
                "one transaction, and that controls transactions or changes tables as well",
                "Begin the text with BEGIN, or send BEGIN, the write and COMMIT one by one."));
  }
  go_on = true;
  know_changes(transaction_ == 'I', decision, by_tag);
  return Pass::kForward;
}

Session::Pass Session::begin_counted_execute(const Piece& piece, const policy::Decision& decision,
                                             bool by_tag, bool& go_on) {
  // How the transaction stands is not known before what ends with ReadyForQuery is answered.
  go_on = !ready_outstanding(expected_);
  if (!go_on) return defer(piece, kQueue);
  know_changes(transaction_ahead_ == 'I' && !own_transaction_, decision, by_tag);
  return Pass::kForward;
}

/// Sees to it that a transaction is open and that it is known what it has changed so far: what the
/// server counts goes on from transaction to transaction. What the statement would destroy is taken
/// out of its way before it is counted.
void Session::know_changes(bool open_transaction, const policy::Decision& decision, bool by_tag) {
  const auto* first = decision.undoable ? &decision.undoable->first : nullptr;
  const bool keeps = first != nullptr && !first->empty();
  if (!open_transaction && !keeps && (by_tag || changes_known_)) return;
  auto statements = by_tag ? std::vector<std::string>() : count_statements();
  if (keeps) statements.insert(statements.begin(), first->begin(), first->end());
  if (open_transaction) {
    statements.insert(statements.begin(), "BEGIN");
    own_transaction_ = true;
    transaction_ahead_ = 'T';
  }
  const bool simple = !since_sync_;
  // No Sync behind it: should it fail, the server skips the statement too.
  run_own(
      statements,
      [this, simple](OwnRun& run) {
        const auto changes = run.answer.error ? std::nullopt : read_changes(run.answer.results);
        changes_known_ = changes.has_value();
        if (changes) changes_before_ = *changes;
        if (run.answer.error) {
          // The client has been told what failed before it.
          counting_failed(run.skipped ? nullptr : &*run.answer.error, simple);
        }
      },
      OwnEnd::kBehindMe);
}

/// The client's statement was not run: the server skips to a Sync.
void Session::counting_failed(const pg::ErrorFields* error, bool simple) {
  if (error != nullptr) send_to_client(Bytes(error_message(*error)));
  if (simple) {
    std::string out;
    pg::encode_sync(out);
    server_->stream().send(Bytes(out));
    expect(RequestKind::kSync);
    skip_until_sync_ = false;
    if (own_transaction_) {
      own_pipeline_ending_ = true;  // Rolls it back, should BEGIN have come through.
      return;
    }
  }
  resume(kCounting);
}

/// The refusal if a statement has changed more rows of its one table than it may, by its tag.
Session::DecisionPtr Session::over_by_tag(const Expected& entry) {
  const auto& facts = entry.text->facts();
  const auto* table = counted_by_tag(facts, *scope_.scope->catalog);
  if (table == nullptr) return changes_unknown();
  Changes changed;
  if (entry.rows > 0) changed[table->qualified_name()] = entry.rows;
  for (const auto& [name, rows] : changed) changes_before_[name] += rows;
  if (split_.under_way) add_to(split_.changed, changed);
  return over_limit(changed, *entry.decision, facts.kind);
}

void Session::count_changes() {
  auto statements = count_statements();
  // What is put off until COMMIT changes rows as well.
  const bool now = own_transaction_ || settling_->decision->undoable;
  if (now && scope_.scope->catalog->has_deferrable()) {
    statements.insert(statements.begin(), "SET CONSTRAINTS ALL IMMEDIATE");
  }
  run_own(statements, [this](OwnRun& run) { changes_counted(run); });
}

/// A COMMIT behind bounded writes, where constraint triggers may have put off work until then.
bool Session::ends_bounded_transaction(const sql::StatementFacts& facts) const {
  if (!bounded_ || (redone_ && redone_->counted) || transaction_ahead_ != 'T') return false;
  return scope_.scope->catalog->has_deferrable() &&
         std::any_of(facts.transaction.begin(), facts.transaction.end(), [](auto effect) {
           return effect == sql::TransactionEffect::kCommit ||
                  effect == sql::TransactionEffect::kPrepareTransaction;
         });
}

/// Has the work done that was put off, and counts it, before the COMMIT goes on.
bool Session::count_deferred_first(const Piece& piece, const sql::StatementFacts& facts) {
  if (!ends_bounded_transaction(facts)) return false;
  auto statements = count_statements();
  statements.insert(statements.begin(), "SET CONSTRAINTS ALL IMMEDIATE");
  defer(piece, kEstimating);
  deferred_->counted = true;
  watch_.last_end = now_;
  if (const auto& most = bounded_->limits.duration) watch_duration(most->most);
  run_own(statements, [this](OwnRun& run) {
    if (!deferred_) return;
    if (deferred_->refused) {
      // Its time was over. In a pipeline the server skips by now, and the client is to know why.
      if (skip_until_sync_ && !run.skipped) send_to_client(refusal_response(*deferred_->refused));
      cutting_.since_sync = cutting_.since_sync || skip_until_sync_;
    } else if (run.answer.error) {
      deferred_failed(run);
    } else if (const auto after = read_changes(run.answer.results); !after || !changes_known_) {
      deferred_->refused = changes_unknown();
    } else {
      deferred_->refused =
          over_limit(changes_between(changes_before_, *after), *bounded_, "what COMMIT runs");
    }
    take_deferred(kEstimating);
  });
  return true;
}

/// The counted statement at the front has run: its completion is kept until its changes are known.
void Session::count_after(std::string completion, char status) {
  if (expected_.front().masked) server_framer_.use(server_rules());
  settling_ = std::make_unique<Expected>(std::move(expected_.front()));
  expected_.pop();
  settling_->held = std::move(completion);
  if (settling_->kind == RequestKind::kQuery) {
    transaction_ = transaction_ahead_ = status;
    if (!settling_->failed && status != 'T') {
      fatal("08006", "a statement whose changes are counted has ended its transaction");
      return;
    }
    if (settling_->failed) {
      settle_failed(nullptr);
      return;
    }
  }
  if (settling_->by_tag) {
    settle(over_by_tag(*settling_));
  } else {
    count_changes();
  }
}

/// `changed`, with what was changed by its text, portal or cursors before it.
Changes Session::whole_change(const Expected& entry, Changes changed) {
  if (split_.under_way) add_to(split_.changed, changed);
  if (entry.kind == RequestKind::kExecute && entry.text) {
    if (Portal* portal = prepared_.find_portal(entry.portal)) add_to(portal->changed, changed);
  }
  if (!entry.text) add_to(opened_.use.changed(entry.portal), changed);
  if (!entry.of_cursor || !entry.text) return changed;
  for (const std::string& name : entry.text->facts().cursors) {
    add_to(opened_.use.changed(name), changed);
  }
  return changed;
}

void Session::changes_counted(OwnRun& run) {
  if (run.answer.error) {
    settle_failed(&*run.answer.error);
    return;
  }
  const auto after = read_changes(run.answer.results);
  DecisionPtr over;
  if (!after || !changes_known_) {
    over = changes_unknown();
  } else {
    // Of a transaction of our own what was counted before is of others, and still among it.
    if (settling_->text && !own_transaction_)
      count_truncated_anew(changes_before_, *after, settling_->text->facts());
    const Changes changed = changes_between(changes_before_, *after);
    over = over_limit(whole_change(*settling_, changed), *settling_->decision,
                      settling_->text ? std::string_view(settling_->text->facts().kind) : "FETCH");
    for (const auto& [table, rows] : changed) {
      settling_->changed.push_back(fmt::format("{} {}", table, rows));
    }
    changes_before_ = *after;
    // Its time was over before it was counted.
    if (!over) over = settling_->cut;
    if (!over && !own_transaction_) bounded_ = settling_->decision;
    if (!over && settling_->decision->undoable) return keep_changed(changed);
  }
  settle(over);
}

/// It may stand, or is undone because it changed too much.
void Session::settle(const DecisionPtr& over) {
  if (settling_->kind == RequestKind::kQuery) {
    settle_query(over);
  } else {
    settle_execution(over);
  }
}

/// The server has failed it (and the client knows), or counting it (`error`).
void Session::settle_failed(const pg::ErrorFields* error) {
  if (error != nullptr) {
    const auto fields = veiled_fields(*error, settling_.get());
    const std::string words = error_message(fields);
    const auto instead = words_left_out(fields, *settling_, words.size());
    if (own_transaction_) settling_->transaction_outcome = audit::TransactionOutcome::kRolledBack;
    const bool recorded = settling_->cut
                              ? record_limited(*settling_, *settling_->cut)
                              : record_failure(*settling_, fields.sqlstate(), fields.message());
    if (!recorded) return;
    split_.failed = true;
    cutting_.since_sync = cutting_.since_sync || (settling_->cut && since_sync_);
    send_to_client(Bytes(settling_->cut ? refusal_response(*settling_->cut)
                         : instead      ? error_message(*instead)
                                        : words));
  }
  if (settling_->kind == RequestKind::kExecute) {
    // The server skips to the client's Sync by itself.
    settling_.reset();
    resume(kCounting);
    return;
  }
  finish_counted_query(true);
}

void Session::settle_query(const DecisionPtr& over) {
  if (over) {
    const DecisionPtr told = split_.committed ? but_for_committed(*over) : over;
    if (!record_limited(*settling_, *told)) return;
    send_to_client(Bytes(refusal_response(*told)));
    split_.failed = true;
    if (own_transaction_) {
      finish_counted_query(true);
    } else {
      abort_transaction([this] { finish_counted_query(false); });
    }
    return;
  }
  const auto complete = [this] {
    split_.committed = split_.committed || (own_transaction_ && !split_.changed.empty());
    if (!record_statement(*settling_, audit::Outcome::kAllowed, {}, {})) return;
    send_to_client(Bytes(settling_->held));
    finish_counted_query(false);
  };
  if (!own_transaction_) {
    complete();
    return;
  }
  run_own({"COMMIT"}, [this, complete](OwnRun& run) {
    run.answer.expect_commit();
    if (run.answer.error) {
      settle_failed(&*run.answer.error);
    } else {
      complete();
    }
  });
}

/// Tells the client that the server is ready, after taking back our own transaction.
void Session::finish_counted_query(bool undo) {
  if (undo && own_transaction_ && transaction_ != 'I') {
    run_own({"ROLLBACK"}, [this](OwnRun& run) {
      if (run.answer.error || transaction_ != 'I') {
        fatal("08006", "a statement that changed too much could not be rolled back",
              "The connection is closed, which undoes it.");
        return;
      }
      finish_counted_query(false);
    });
    return;
  }
  if (own_transaction_) {
    note_transaction_end();
    transactions_.ready('I');
  }
  own_transaction_ = false;
  settling_.reset();
  if (!split_goes_on()) {
    std::string out;
    pg::encode_ready_for_query(out, transaction_);
    send_to_client(Bytes(out));
  }
  resume(kCounting);
}

void Session::settle_execution(const DecisionPtr& over) {
  if (!over) {
    if (!record_execution(*settling_, audit::Outcome::kAllowed, {}, {})) return;
    send_to_client(Bytes(settling_->held));
    settling_.reset();
    resume(kCounting);
    return;
  }
  if (!record_limited(*settling_, *over)) return;
  send_to_client(Bytes(refusal_response(*over)));
  cutting_.since_sync = cutting_.since_sync || settling_->cut;
  settling_.reset();
  fail_pipeline();
  resume(kCounting);
}

/// Makes the server fail what is open and skip to the client's Sync, as the client believes it has.
void Session::fail_pipeline() {
  skip_until_sync_ = true;
  std::string out;
  append_failing_parse(out);
  server_->stream().send(Bytes(out));
  Expected& entry = expect(RequestKind::kParse);
  entry.refused = entry.silent = true;
  entry.statement = kFailingName;
}

void Session::abort_transaction(std::function<void()> then) {
  run_own({std::string(failing_text())}, [this, then = std::move(then)](OwnRun&) {
    if (transaction_ != 'E') {
      fatal("08006", "the transaction could not be aborted",
            "The connection is closed, which undoes it.");
      return;
    }
    then();
  });
}

/// The client's Sync ends a pipeline around which a transaction of ours is open. `failed`: the
/// server skips to it.
Session::Pass Session::end_own_pipeline(bool failed) {
  if (!failed) {
    run_own(
        {"COMMIT"},
        [this, bound = opened_.at_commit](OwnRun& run) {
          run.answer.expect_commit();
          // It failed by itself, not because of something before it that the client knows of.
          if (!run.answer.error || run.skipped) return;
          const auto fields = veiled_fields(*run.answer.error, nullptr);
          const auto instead = words_left_out(fields, bound.get(), error_message(fields).size());
          const pg::ErrorFields& error = instead ? *instead : fields;
          Expected sync;
          sync.started = now_;
          transaction_failed(sync);
          if (record_failed_sync(sync, error.sqlstate(), error.message())) {
            send_to_client(Bytes(error_message(error)));
          }
        },
        OwnEnd::kBehindMe);
  }
  skip_until_sync_ = since_sync_ = false;
  own_pipeline_ending_ = true;
  expect(RequestKind::kSync);
  // What comes next must not run in a transaction that is to be rolled back.
  suspend(kCounting);
  return Pass::kForward;
}

/// Its ReadyForQuery. True: it is held back until the rollback is through.
bool Session::own_pipeline_ended() {
  own_pipeline_ending_ = false;
  if (transaction_ == 'I') {
    own_transaction_ = false;
    note_transaction_end();
    transactions_.ready('I');
    resume(kCounting);
    return false;
  }
  finish_counted_query(true);
  return true;
}

}  // namespace sluice::gateway
