#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "gateway/database.h"
#include "policy/decide.h"
#include "sql/redact.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// What a text does and what was decided about it. Texts that differ only in literals nobody
/// looked at share one. Belongs to one worker, so that decisions are added without a lock.
class Meaning {
 public:
  explicit Meaning(std::shared_ptr<const sql::StatementFacts> facts) : facts_(std::move(facts)) {}

  const sql::StatementFacts& facts() const { return *facts_; }
  /// The decision for `database`, made on first use.
  const std::shared_ptr<const policy::Decision>& decision_for(const Database& database) const;

 private:
  std::shared_ptr<const sql::StatementFacts> facts_;
  /// By Database::id(), which is never used twice.
  mutable std::vector<std::pair<uint64_t, std::shared_ptr<const policy::Decision>>> decisions_;
};

/// One text: what it means and how it goes on the record.
struct Statement {
  std::shared_ptr<const Meaning> meaning;
  sql::RecordedText recorded;

  const sql::StatementFacts& facts() const { return meaning->facts(); }
};

}  // namespace sluice::gateway
