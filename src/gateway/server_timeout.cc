#include "gateway/server_timeout.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace sluice::gateway {
namespace {

constexpr std::string_view kName = "statement_timeout";

/// In a block its snapshot is taken at once: only of what takes one by itself may anything of ours
/// stand before it (SET TRANSACTION and LOCK TABLE come before the first).
bool takes_snapshot(const sql::StatementFacts& facts) {
  return facts.kind == "SELECT" || facts.kind == "INSERT" || facts.kind == "UPDATE" ||
         facts.kind == "DELETE" || facts.kind == "MERGE";
}

bool begins(const sql::StatementFacts& facts) {
  return std::find(facts.transaction.begin(), facts.transaction.end(),
                   sql::TransactionEffect::kBegin) != facts.transaction.end();
}

/// Takes no time that anybody would bound: BEGIN, COMMIT, SET.
bool passes(const sql::StatementFacts& facts) {
  return !facts.transaction.empty() ||
         std::all_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
           return action.kind == sql::ActionKind::kSessionSetting;
         });
}

/// Settings of functions, which end with them, are none of the session's.
bool sets(const sql::StatementFacts& facts) {
  return std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
    return action.kind == sql::ActionKind::kSessionSetting &&
           std::any_of(action.targets.begin(), action.targets.end(), [](const sql::Object& target) {
             return !target.reached && target.name == kName;
           });
  });
}

bool resets(const sql::StatementFacts& facts) {
  return facts.resets_settings ||
         std::find(facts.resets.begin(), facts.resets.end(), kName) != facts.resets.end();
}

int64_t in_milliseconds(Duration most) {
  const auto value =
      std::chrono::duration_cast<std::chrono::milliseconds>(most + ServerTimeout::kMargin).count();
  // The server counts no further: so long a bound is none.
  return value <= std::numeric_limits<int32_t>::max() ? value : 0;
}

}  // namespace

/// The lower of it and what the session began with; not where something else has been set since.
/// Compared as intervals, as the server reads and writes the value with units.
std::string ServerTimeout::setting(int64_t milliseconds, bool in_block) const {
  const auto interval = [](std::string_view value) {
    return fmt::format("'{}'::pg_catalog.interval", value);
  };
  const std::string found = found_ ? fmt::format("'{}'", *found_) : "found.value";
  const std::string own = fmt::format("{}::pg_catalog.interval", found);
  const std::string wanted = fmt::format("'{}ms'", milliseconds);
  const std::string value =
      milliseconds == 0 ? found
                        : fmt::format(
                              "CASE WHEN {} OPERATOR(pg_catalog.>) '0'::pg_catalog.interval AND {} "
                              "OPERATOR(pg_catalog.<) {}::pg_catalog.interval THEN {} ELSE {} END",
                              own, own, wanted, found, wanted);
  std::string only;
  if (found_) {
    only = " WHERE found.value::pg_catalog.interval OPERATOR(pg_catalog.=) ANY (ARRAY[" +
           interval(*found_);
    for (const auto& told : {told_, told_here_}) {
      if (!told.empty()) only += ", " + interval(told);
    }
    only += "])";
  }
  return fmt::format(
      "SELECT found.value, pg_catalog.set_config('{}', {}, {}) FROM (SELECT "
      "pg_catalog.current_setting('{}') AS value) AS found{}",
      kName, value, in_block, kName, only);
}

std::optional<std::string> ServerTimeout::before(const sql::StatementFacts& facts,
                                                 std::optional<Duration> most, bool in_block) {
  const int64_t bound = most ? in_milliseconds(*most) : 0;
  if (bound == 0 && last_ == 0) return std::nullopt;
  if (theirs_ || theirs_here_ || unanswered_) return std::nullopt;
  int64_t wanted = bound;
  if (bound != 0) {
    last_ = bound;
  } else if (!in_block && begins(facts)) {
    wanted = last_;  // Most likely what follows is bounded as what was before.
  } else if (passes(facts)) {
    return std::nullopt;
  }
  const int64_t now = in_block && set_here_ ? *set_here_ : set_;
  if (now == wanted && !doubtful_) return std::nullopt;
  if (in_block && !takes_snapshot(facts)) return std::nullopt;
  doubtful_ = false;
  unanswered_ = true;
  asked_here_ = in_block;
  std::string text = setting(wanted, in_block);
  if (in_block) {
    set_here_ = wanted;
  } else {
    set_ = wanted;
  }
  return text;
}

void ServerTimeout::answered(const std::vector<catalog::Rows>& results, bool failed) {
  unanswered_ = false;
  const bool row = !failed && results.size() == 1 && results[0].size() == 1 &&
                   results[0][0].size() == 2 && results[0][0][0] && results[0][0][1];
  if (!row) {
    // Not to be changed, or not to be told: it is not asked again.
    (asked_here_ ? theirs_here_ : theirs_) = true;
    return;
  }
  if (!found_) found_ = *results[0][0][0];
  (asked_here_ ? told_here_ : told_) = *results[0][0][1];
}

void ServerTimeout::note(const sql::StatementFacts& facts, bool in_block) {
  if (!facts.may_change_settings && facts.transaction.empty()) return;
  const bool ends_here = in_block || facts.statements > 1;
  if (std::find(facts.transaction.begin(), facts.transaction.end(),
                sql::TransactionEffect::kRollbackTo) != facts.transaction.end()) {
    doubtful_ = true;
  }
  const bool reset = resets(facts);
  if (!reset && !sets(facts)) return;
  if (ends_here) {
    theirs_here_ = true;
  } else if (reset) {
    theirs_ = at_start_;
    set_ = 0;
  } else {
    theirs_ = true;
  }
}

void ServerTimeout::transaction_ended() {
  doubtful_ = doubtful_ || theirs_here_;
  theirs_here_ = false;
  set_here_.reset();
  told_here_.clear();
}

}  // namespace sluice::gateway
