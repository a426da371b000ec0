#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/database.h"
#include "gateway/masking.h"
#include "gateway/session_scope.h"
#include "policy/policy.h"
#include "sql/redact.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// What a text does, in one scope, and what was decided about it for whom. Texts that differ only
/// in literals nobody looked at share one. Belongs to one worker, so that judgements are added
/// without a lock.
class Meaning {
 public:
  /// `scope` is not kept alive: who asks for judgements holds it.
  Meaning(std::shared_ptr<const sql::StatementFacts> facts,
          const std::shared_ptr<const sql::Scope>& scope)
      : facts_(std::move(facts)), scope_(scope) {}

  const sql::StatementFacts& facts() const { return *facts_; }
  const std::shared_ptr<const sql::StatementFacts>& shared_facts() const { return facts_; }
  /// What `policy` says of it for this principal at this database, found out on first use.
  const policy::Judgement& judgement(const std::shared_ptr<const policy::Policy>& policy,
                                     const SessionPrincipal& principal,
                                     const Database& database) const;
  /// What of it is hidden from `audience`, found out on first use; null where nothing is.
  std::shared_ptr<const Masking> masking(const NumberedAudience& audience) const;
  /// What goes on the record about it, as encode_details makes it; made on first use, and again
  /// when other classes are known of the columns. Null `labels`: nobody asks for classes.
  Bytes details(const LabelKeeper* labels) const;
  /// The table whose rows a command tag counts (counted_by_tag); empty where it does not.
  Bytes counted_table() const;

 private:
  struct Judged {
    uint64_t principal = 0;  ///< SessionPrincipal::id
    uint64_t database = 0;   ///< Database::id(), which is never used twice
    std::shared_ptr<const policy::Policy> policy;
    uint64_t labels = 0;  ///< LabelKeeper::version where the policy asks for classes, else 0
    std::shared_ptr<const policy::Judgement> judgement;
  };
  struct Masked {
    uint64_t audience = 0;
    std::shared_ptr<const Masking> masking;
  };
  std::shared_ptr<const sql::StatementFacts> facts_;
  std::weak_ptr<const sql::Scope> scope_;
  mutable std::vector<Judged> judged_;
  mutable std::vector<Masked> masked_;
  mutable std::string details_;
  mutable uint64_t details_of_ = UINT64_MAX;  ///< LabelKeeper::version; 0: without
  mutable std::optional<std::string> counted_table_;
};

/// One text: what it means and how it goes on the record.
struct Statement {
  std::shared_ptr<const Meaning> meaning;
  sql::RecordedText recorded;

  const sql::StatementFacts& facts() const { return meaning->facts(); }
};

/// What a cursor that SQL has declared reads.
struct Cursor {
  std::shared_ptr<const Statement> text;
  size_t result = 0;                                 ///< in its facts' results
  std::shared_ptr<const policy::Decision> decision;  ///< it was opened under this
  uint64_t principal = 0;                            ///< SessionPrincipal::id that was decided for

  /// It outlives its transaction.
  bool held() const { return text->facts().results[result].held; }
};

}  // namespace sluice::gateway
