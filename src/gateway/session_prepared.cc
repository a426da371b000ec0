// Session: SQL's own PREPARE and EXECUTE, decided on by what they run.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"

namespace sluice::gateway {

/// An EXECUTE of what nobody has prepared here is the server's to answer, once it is sure that it
/// does not know it either: dynamic SQL can prepare as well.
bool Session::ask_prepared_first(const Piece& piece, const sql::StatementFacts& facts) {
  if (facts.statements != 1 || facts.prepared.size() != 1 || transaction_ == 'E') return false;
  const auto& use = facts.prepared.front();
  Prepared pending;
  if (use.what != sql::PreparedUse::What::kExecute || (redone_ && redone_->asked) ||
      prepared_ahead(use.name, pending) != nullptr || !expected_.empty() || since_sync_) {
    return false;
  }
  defer(piece, kEstimating);
  deferred_->asked = true;
  run_own({"SELECT name FROM pg_catalog.pg_prepared_statements"},
          [this, name = use.name](OwnRun& run) {
            if (!deferred_) return;
            if (run.answer.error) {
              deferred_failed(run);
            } else if (!run.answer.results.empty()) {
              const auto& rows = run.answer.results[0];
              deferred_->unprepared = std::none_of(rows.begin(), rows.end(), [&](const auto& row) {
                return row.size() == 1 && row[0] == name;
              });
            }
            take_deferred(kEstimating);
          });
  return true;
}

namespace {

/// What SQL's PREPARE takes. In the protocol anything can be prepared, and EXECUTE would run it in
/// the midst of a text that is taken for something else.
bool may_be_executed(const sql::StatementFacts& facts, std::string_view name) {
  const auto& uses = facts.prepared;
  if (std::any_of(uses.begin(), uses.end(), [&](const auto& use) {
        return use.what == sql::PreparedUse::What::kPrepare && use.name == name;
      })) {
    return true;  // The text that PREPAREs it, judged as if it ran.
  }
  const auto& kind = facts.kind;
  return facts.statements == 1 && facts.prepared.empty() && facts.transaction.empty() &&
         !facts.outside_transaction &&
         (kind == "SELECT" || kind == "INSERT" || kind == "UPDATE" || kind == "DELETE" ||
          kind == "MERGE");
}

}  // namespace

/// EXECUTE runs what was prepared: that is decided on too, by what its names mean now.
/// `sent`: the text itself, whose constants are its parameters.
Session::DecisionPtr Session::decide_prepared_uses(const Statement& statement, Bytes sent,
                                                   DecisionPtr decision, bool& writes) {
  executing_.clear();
  const auto& uses = statement.facts().prepared;
  for (size_t i = 0; i < uses.size(); ++i) {
    if (uses[i].what != sql::PreparedUse::What::kExecute) continue;
    const bool prepared_here =
        std::any_of(uses.begin(), uses.begin() + static_cast<long>(i), [&](const auto& use) {
          return use.what == sql::PreparedUse::What::kPrepare && use.name == uses[i].name;
        });
    if (prepared_here) continue;  // What it does is among the actions of this text.
    Prepared pending;
    const Prepared* prepared = prepared_ahead(uses[i].name, pending);
    if (redone_ && redone_->unprepared) continue;
    if (prepared == nullptr || !prepared->text) {
      return refusal("unknown-prepared-statement", "26000",
                     fmt::format("prepared statement \"{}\" does not exist", uses[i].name),
                     "PREPARE it in this session first.");
    }
    auto text = prepared->text;
    if (prepared->scope != scope_.id && prepared->source.empty()) text = nullptr;
    if (text && prepared->scope != scope_.id) {
      // Short of the analyser's threads: a long one is prepared anew by its owner.
      text = worker_.analyser().find_or_analyse(prepared->source,
                                                {settings_for_analysis(prepared->source), scope_});
    }
    if (!text) return prepared_elsewhere(uses[i].name);
    if (!may_be_executed(text->facts(), uses[i].name)) {
      return refusal("executes-no-query", "42501",
                     fmt::format("EXECUTE of \"{}\", which is {}", uses[i].name,
                                 text->facts().kind.empty() ? "empty" : text->facts().kind),
                     "EXECUTE runs only what PREPARE can prepare: SELECT, INSERT, UPDATE, DELETE, "
                     "MERGE. Send the statement itself.");
    }
    executing_.push_back({uses[i].name, text, prepared->result});
    auto inner = decide(*text, decision->estimated_rows);
    if (!inner->allowed()) return inner;
    if (auto why = objection(*text)) return why;
    const auto masking = masking_of(*text);
    if (auto why = masked_values_written(masking.get(), sent, nullptr)) return why;
    if (!statement.facts().written.empty() && masking &&
        (masking->plan().hides || masking->plan().masks())) {
      // CREATE TABLE … AS EXECUTE.
      return refusal("masked-columns", "42501",
                     fmt::format("\"{}\" reads columns that are masked for you, and cannot be "
                                 "written where they would be readable",
                                 uses[i].name),
                     "EXECUTE it alone, or ask for a rule that unmasks them.");
    }
    DecisionPtr refused;
    if (!may_guess(masking.get(), refused)) return refused;
    writes = writes || text->facts().writes;
    decision = tightened(*decision, inner->limits);
  }
  return decision;
}

}  // namespace sluice::gateway
