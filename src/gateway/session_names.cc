// Session: what names mean at this moment, and the gateway's own statements that find it out.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/forgotten_settings.h"
#include "gateway/in_flight.h"
#include "gateway/passing_changes.h"
#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Statement and portal of the gateway's own; no client can use the name unnoticed, since what it
/// names is decided on by what the client itself prepared.
constexpr std::string_view kOwnName = "sluice_own";

const std::string kPathQuestion = "SELECT pg_catalog.unnest(pg_catalog.current_schemas(true))";

std::vector<std::string> first_column(const catalog::Rows& rows) {
  std::vector<std::string> values;
  for (const auto& row : rows) {
    if (row.size() == 1 && row[0]) values.push_back(*row[0]);
  }
  return values;
}

/// Sets something that is no setting of the server's, or may: an extension's, or any text of the
/// client's own, which the server does not list.
bool sets_own(const sql::StatementFacts& facts) {
  if (facts.dynamic_sql) return true;
  return std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
    return action.kind == sql::ActionKind::kSessionSetting &&
           std::any_of(action.targets.begin(), action.targets.end(), [](const auto& target) {
             return target.name == "*" || is_own_setting(target.name);
           });
  });
}

}  // namespace

bool Session::names_known() const {
  if (scope_.id == 0) return false;
  // In an aborted transaction nothing runs but its end, and nothing can be asked.
  if (transaction_ == 'E' && !may_leave_aborted(expected_)) return true;
  return names_.now == 0 && names_.catalog_version == admission_.database->catalog().version();
}

bool Session::settle_names() {
  if (names_.problem || names_known()) return true;
  find_names();
  return !names_.finding;
}

void Session::find_names() {
  if (names_.finding) return;
  names_.finding = true;
  names_.waits = !since_sync_ && !expected_.empty();
  if (!names_.waits) start_finding_names();
}

void Session::start_finding_names() {
  names_.waits = false;
  names_.taken = std::exchange(names_.now, 0);
  if ((names_.taken & kIdentityDoubt) != 0) return tell_identity();
  find_scope();
}

void Session::find_scope() {
  auto& keeper = admission_.database->catalog();
  const uint64_t version = keeper.version();
  // In a transaction what it has changed itself counts, and nobody else is waited for: they may
  // be waiting for its locks.
  const bool open = transaction_ahead_ != 'I' || since_sync_;
  const auto latest = keeper.latest();
  const auto current = keeper.current();
  // What it has changed stays changed for it, whatever else has come into doubt since.
  const bool changed = ((names_.taken | names_.of_transaction) & kSchemaDoubt) != 0;
  if (open && latest && (!current || changed)) {
    read_own_catalog(latest, version);
  } else if (current) {
    names_from(current, version);
  } else {
    keeper.when_current([&worker = worker_, id = id_, version](CatalogKeeper::Known known) {
      worker.post([id, version, known = std::move(known)](Worker& self) {
        Session* session = self.find_session(id);
        if (session == nullptr) return;
        if (known) {
          session->names_from(*known,
                              std::max(version, session->admission_.database->catalog().version()));
        } else {
          session->names_failed(known.error().text);
        }
      });
    });
  }
}

void Session::names_from(std::shared_ptr<const catalog::Catalog> catalog, uint64_t version) {
  if (names_.has_temporary) {
    read_own_catalog(catalog, version);
  } else {
    find_path(std::move(catalog), version);
  }
}

/// The catalog as this session sees it: with its temporary objects and what its transaction has
/// changed.
void Session::read_own_catalog(const std::shared_ptr<const catalog::Catalog>& base,
                               uint64_t version) {
  run_own(catalog::load_statements(false), [this, base, version](OwnRun& run) {
    if (run.answer.error) {
      names_failed(run.answer.error->message(), run.skipped);
      return;
    }
    worker_.shared().background.submit([&worker = worker_, id = id_, base, version,
                                        results = std::move(run.answer.results)]() mutable {
      auto built = catalog::build(std::move(results), base.get());
      worker.post([id, version, built = std::move(built)](Worker& self) {
        Session* session = self.find_session(id);
        if (session == nullptr) return;
        if (built) {
          session->find_path(*built, version);
        } else {
          session->names_failed(built.error().text);
        }
      });
    });
  });
}

void Session::find_path(std::shared_ptr<const catalog::Catalog> catalog, uint64_t version) {
  const std::string key = fresh_path_key(greeting_key(), *catalog);
  if (names_.first) {
    if (const auto path = admission_.database->fresh_search_path(key)) {
      names_found(catalog, version, *path);
      return;
    }
  }
  run_own({kPathQuestion}, [this, key, catalog, version](OwnRun& run) {
    if (run.answer.error || run.answer.results.size() != 1) {
      names_failed(run.answer.error ? run.answer.error->message() : "no answer", run.skipped);
      return;
    }
    const auto path = first_column(run.answer.results[0]);
    const bool temporary = std::any_of(path.begin(), path.end(), [](const std::string& schema) {
      return schema.starts_with("pg_temp");
    });
    if (names_.first && !temporary) admission_.database->remember_search_path(key, path);
    names_found(catalog, version, path);
  });
}

void Session::names_found(const std::shared_ptr<const catalog::Catalog>& catalog, uint64_t version,
                          const std::vector<std::string>& path) {
  scope_ = worker_.scopes().intern(catalog, path);
  names_.catalog_version = version;
  names_.first = false;
  names_.finding = false;
  if ((suspended_ & kNaming) != 0) take_deferred(kNaming);
}

/// `skipped`: for something that has failed before, of which the client is told.
void Session::names_failed(std::string_view why, bool skipped) {
  names_.now |= names_.taken;
  names_.finding = false;
  names_.problem =
      refusal("catalog-unavailable", "55000",
              fmt::format("{} cannot be found out: {}",
                          (names_.taken & kIdentityDoubt) != 0
                              ? "whether the server knows whose session this is"
                              : "what the statement's names mean",
                          why),
              "Try again; if it stays so, an operator can run: sluice database check " +
                  admission_.database->config().name);
  if (skip_until_sync_) {
    // The server skips to the client's Sync, and so do we.
    if (!skipped) send_to_client(refusal_response(*names_.problem));
    names_.problem.reset();
  }
  if ((suspended_ & kNaming) != 0) take_deferred(kNaming);
}

void Session::note_effects(const std::shared_ptr<const Statement>& statement, bool counted) {
  const sql::StatementFacts& facts = statement->facts();
  uint8_t doubts = 0;
  if (facts.may_change_settings || facts.dynamic_sql) doubts |= kPathDoubt;
  if (facts.may_change_settings || facts.dynamic_sql) {
    auto& application = names_.application;
    const auto& names = facts.application.names;
    application.names.insert(application.names.end(), names.begin(), names.end());
    constexpr size_t kMostNames = 100;
    if (application.names.size() > kMostNames) application = {{}, true, false};
    application.unknown = application.unknown || facts.application.unknown || facts.dynamic_sql;
  }
  names_.own_settings = names_.own_settings || sets_own(facts);
  if (forgets_identity(admission_.database->config().identity, facts)) doubts |= kIdentityDoubt;
  const auto forgotten = forgotten_settings(admission_, facts);
  forgotten_.insert(forgotten_.end(), forgotten.begin(), forgotten.end());
  if (!forgotten_.empty()) doubts |= kIdentityDoubt;
  if (facts.temporary_change || facts.dynamic_sql) {
    doubts |= kPathDoubt | kTemporaryDoubt;
    names_.has_temporary = true;
  }
  if (facts.schema_change) {
    doubts |= kPathDoubt | kSchemaDoubt;
  }
  if (may_be_watched(facts)) {
    change_started(*admission_.database, *statement);
    schema_changes_.push_back(statement);
  }
  const bool calls =
      std::any_of(facts.actions.begin(), facts.actions.end(),
                  [](const sql::Action& action) { return action.kind == sql::ActionKind::kCall; });
  unseen_prepares_ = unseen_prepares_ || facts.dynamic_sql || !facts.functions.empty() || calls;
  if (!counted && (facts.writes || facts.dynamic_sql || resets_counts(facts))) {
    changes_known_ = false;
  }
  if (facts.may_change_settings || facts.temporary_change || facts.schema_change || facts.writes ||
      facts.dynamic_sql)
    ++epoch_;
  opened_.note_code(facts, scope_.id, doubts);
  if (!facts.cursors.empty()) {
    doubts |= opened_.doubts;
    if (opened_.code || opened_.write) ++epoch_;
  }
  note_doubts(doubts);
  note_stamp_effects(facts);
  watch_.at_server.note(facts, transaction_ahead_ != 'I' || since_sync_);
  if (!facts.transaction.empty()) {
    auto back = acting_.before.sent(
        facts.transaction, facts.statements == 1 ? statement->recorded.text : std::string_view(),
        acting_.all_said());
    if (back) acting_.take_back(std::move(*back));
  }
  for (const auto effect : facts.transaction) {
    using enum sql::TransactionEffect;
    if (effect == kBegin) {
      // In a pipeline inside our own transaction: that becomes the client's.
      if (since_sync_) own_transaction_ = false;
      transaction_ahead_ = 'T';
    } else if (effect == kCommit || effect == kRollback || effect == kPrepareTransaction) {
      if (since_sync_) own_transaction_ = false;
      transaction_ahead_ = 'I';
      names_.now |= names_.of_transaction;
    } else if (effect == kRollbackTo) {
      names_.now |= names_.of_transaction;
    }
  }
}

void Session::note_doubts(uint8_t doubts) {
  names_.now |= doubts;
  names_.of_transaction |= doubts;
  if (doubts != 0) names_.first = false;
}

/// SET LOCAL ends with a transaction, and a rollback takes back what it has changed.
void Session::note_transaction_end() {
  names_.now |= std::exchange(names_.of_transaction, 0);
  opened_.end_transaction();
  watch_.at_server.transaction_ended();
  acting_.before.ended();
  changes_known_ = false;
  stamping_.now = stamping_.at_sync = 0;
  bounded_.reset();
  undoing_.reset();
  end_schema_changes();
}

void Session::end_schema_changes() {
  if (schema_changes_.empty()) return;
  changes_ended(*admission_.database, schema_changes_);
  schema_changes_.clear();
}

void Session::run_own(const std::vector<std::string>& statements, std::function<void(OwnRun&)> done,
                      OwnEnd end, const BoundTo* bound) {
  auto run = std::make_shared<OwnRun>();
  run->done = std::move(done);
  std::string out;
  // One that failed has not been closed.
  const std::string name = fmt::format("{}{}", kOwnName, own_names_);
  for (const auto& statement : statements) {
    pg::encode_parse(out, name, statement, bound != nullptr ? bound->types : Bytes());
    if (bound != nullptr && !bound->parameters.empty()) {
      pg::encode_bound(out, name, name, bound->parameters);
    } else {
      pg::encode_bind(out, name, name, {});
    }
    pg::encode_execute(out, name);
    pg::encode_close(out, 'P', name);
    pg::encode_close(out, 'S', name);
    expect(RequestKind::kOwn).own = run;
    ++run->unanswered;
  }
  if (end == OwnEnd::kAnswered) {
    if (since_sync_) {
      pg::encode_flush(out);
    } else {
      pg::encode_sync(out);
      expect(RequestKind::kSync).own = run;
      ++run->unanswered;
    }
  }
  flush_to_server();
  server_->stream().send(Bytes(out));
}

Session::Pass Session::on_own_piece(const Piece& piece) {
  if (!piece.whole()) {
    // Only rows come in parts.
    if (piece.first) own_row_.clear();
    own_row_.append(piece.body());
    if (own_row_.size() > OwnAnswer::kMostBytes) return server_violation("too long an answer");
    if (!piece.last) return Pass::kDrop;
  }
  const Bytes body = piece.whole() ? piece.body() : Bytes(own_row_);
  Expected& entry = expected_.front();
  const auto run = entry.own;
  if (piece.type == pg::kReadyForQuery) return on_ready(piece);
  if (entry.kind != RequestKind::kOwn) return server_violation("an answer to something else");
  if (!run->answer.take(piece.type, body)) return server_violation("an unreadable answer");
  if (piece.type == pg::kErrorResponse) {
    ++own_names_;
    skip_to_sync();
    // Where a Sync of our own follows, its ReadyForQuery ends the run.
    if (run->unanswered == 0) own_answered(run);
  } else if (piece.type == pg::kCloseComplete && ++entry.completed == 2) {
    expected_.pop();
    if (--run->unanswered == 0) own_answered(run);
  }
  if (own_row_.capacity() > 4096) std::string().swap(own_row_);
  return finished_ ? Pass::kStop : Pass::kDrop;
}

void Session::own_answered(const std::shared_ptr<OwnRun>& run) {
  const auto done = std::exchange(run->done, nullptr);
  if (done) done(*run);
}

}  // namespace sluice::gateway
