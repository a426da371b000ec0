#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/match.h"

namespace sluice::policy {

/// What is kept of a demand once rules have been matched with it.
struct Note {
  Verb verb = Verb::kOther;
  std::string object;
  std::string object_kind;
  bool without_where = false;
  bool cascade = false;
  sql::LockLevel lock = sql::LockLevel::kNone;
  sql::FunctionRisk risk = sql::FunctionRisk::kNone;
  bool needs_rule = true;
  std::string classes;  ///< what its columns hold, where the policy asks that
};

/// A rule that applies to a statement, or does under some circumstances.
struct Candidate {
  const Rule* rule = nullptr;
  std::vector<size_t> notes;  ///< what it applies to, indexes of Case::notes
  std::string uses;           ///< what of `when: classes` the statement uses, for people
  bool beside = false;        ///< it says how much may be read, of tables or not

  /// It takes part in the verdict, and not in its limits alone.
  bool matches() const { return !notes.empty(); }
};

/// A statement before its judge: all that a verdict needs, and nothing that belongs to others but
/// the policy's rules.
struct Case {
  std::string policy_name;
  std::string policy_version;
  std::string user;
  std::string through;  ///< who connects and acts for `user`; empty: itself
  PrincipalKind kind = PrincipalKind::kHuman;
  Target target;
  std::string statement;  ///< StatementFacts::kind
  std::vector<Note> notes;
  Beside beside = Beside::kNothing;
  std::vector<Candidate> candidates;  ///< in file order

  /// Everything but the candidates.
  Case(const Policy& policy, const Question& question);
};

/// The part of `rule` that is known of a statement whatever the circumstances; none if it cannot
/// apply.
std::optional<Candidate> consider(const Rule& rule, const Question& question, Reasons reasons);

/// Some rule that takes part in verdicts names columns, so that each is a demand of its own.
bool names_columns(const Policy& policy);

/// What is known of the moment, for each candidate.
using Active = std::vector<bool>;

/// Deny beats hold beats allow; what no rule allows is refused. A refusal tells of `now`, if given,
/// what conditions were held against.
Decision verdict(const Case& the_case, const Active& active, const Circumstances* now = nullptr);

}  // namespace sluice::policy
