#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "policy/approval_spec.h"
#include "policy/class_choice.h"
#include "policy/decision.h"
#include "policy/names.h"
#include "policy/network.h"
#include "policy/time_window.h"
#include "policy/veil_spec.h"
#include "policy/vocabulary.h"

namespace sluice::policy {

/// `who`: every key that is there must match.
struct Who {
  std::optional<Words> users, groups, kinds, end_users;
  std::vector<std::pair<std::string, Words>> attributes;
};

/// Functions by what makes them risky, or by name.
struct FunctionPatterns {
  uint32_t risks = 0;  ///< bit per sql::FunctionRisk
  std::vector<NamePattern> names;
  std::vector<std::string> texts;
};

/// `on`: environment and database, and which objects.
struct On {
  std::optional<Words> databases, environments;
  std::vector<NamePattern> schemas;    ///< one part
  std::vector<NamePattern> tables;     ///< two
  std::vector<NamePattern> columns;    ///< three
  std::optional<ClassChoice> classes;  ///< of columns
  std::optional<FunctionPatterns> functions;
  bool names_relations() const {
    return !schemas.empty() || !tables.empty() || !columns.empty() || classes;
  }
};

/// A number's bounds, each open where not given.
struct Range {
  std::optional<double> more_than, at_most;
  friend bool operator==(const Range&, const Range&) = default;
};

/// `when`: every condition that is there must hold.
struct When {
  // Of what is done to one object.
  std::optional<bool> without_where, cascade;
  std::optional<sql::LockLevel> lock;  ///< at least
  std::optional<Range> table_rows;
  // Of the statement.
  std::optional<bool> dynamic_sql, cartesian, no_limit;
  std::optional<FunctionPatterns> functions;
  std::optional<ClassChoice> classes;  ///< of a column that it uses
  // Of the session.
  std::optional<Words> methods, issuers, acr;
  std::vector<std::pair<std::string, Words>> claims;  ///< one that is not there is ""
  std::optional<bool> mfa;
  // Of the moment.
  std::optional<Range> estimated_rows;
  std::optional<TimeWindow> time;
  std::vector<Network> client;
  std::optional<Words> application, purpose;
  std::optional<bool> in_transaction, run, prompt, tainted;
  std::optional<Duration> max_age, older_than;  ///< of the authentication

  bool on_authentication() const { return methods || issuers || acr || mfa || !claims.empty(); }
  bool on_circumstances() const {
    return estimated_rows || time || !client.empty() || application || purpose || in_transaction ||
           run || prompt || tainted || max_age || older_than;
  }
  bool any() const {
    return without_where || cascade || lock || table_rows || dynamic_sql || cartesian || no_limit ||
           functions || classes || on_authentication() || on_circumstances();
  }
};

/// `limit` as written; unset where not given.
struct LimitSpec {
  std::optional<uint64_t> rows, bytes, rows_changed;
  std::optional<Duration> duration;
  std::optional<uint32_t> statements_per_minute, tables_changed;
  bool any() const {
    return rows || bytes || rows_changed || duration || statements_per_minute || tables_changed;
  }
};

/// One rule of a policy.
struct Rule {
  std::string name;
  Effect effect = Effect::kDeny;
  bool shadow = false;
  Who who;
  On on;
  Verbs verbs = kAllVerbs;
  bool names_verbs = false;  ///< `do` is given
  When when;
  LimitSpec limit;
  std::optional<uint64_t> capture;              ///< bytes of each result that are kept
  VeilSpec veil;                                ///< of rules that mask or unmask
  std::shared_ptr<const ApprovalSpec> approve;  ///< of rules that hold; null: nobody may
  std::string message;
  std::string hint;
  int line = 0;      ///< from 1
  int column = 0;    ///< from 1
  std::string text;  ///< the rule as read, in one canonical form; equal texts mean equal rules

  /// It asks what columns hold, to judge statements.
  bool asks_classes() const { return on.classes || when.classes; }
  /// It says how values are shown, and takes no part in verdicts.
  bool veils() const { return effect == Effect::kMask || effect == Effect::kUnmask; }
};

}  // namespace sluice::policy
