#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "policy/automatic.h"
#include "policy/decision.h"
#include "policy/proofs.h"
#include "sql/lint.h"
#include "sql/statement_facts.h"

namespace sluice::approval {

/// What a statement does to the schema: empty lists where it does nothing.
struct SchemaChange {
  std::vector<sql::Finding> lint;
  std::vector<std::string> diff;    ///< sql::schema_diff
  std::vector<std::string> breaks;  ///< sql::breaks_older_clients

  /// Of a whole text. Needs a stack of kAnalyserStackBytes.
  static SchemaChange of(std::string_view text, const sql::Scope& scope);
  policy::Objections objections() const;
};

/// What those who decide are shown of a statement, as JSON:
///   {"why", "kind", "actions": [{"do", "object", "object_kind", "without_where", "cascade",
///   "lock"}], "tables": [{"name", "rows", "bytes", "dependents"}], "estimated_rows",
///   "lint": [{"rule", "severity", "message", "safer"}], "parameters": [text or null],
///   "dry_run": {"rows", "tables": [text]} or {"why_not"},
///   "schema_diff": [text], "breaks": [text]}
/// `dependents`: sql::dependents_of and triggers, where the table is more than read.
/// `parameters`: the part of a Bind from its format codes on; empty for none.
/// Needs a stack of kAnalyserStackBytes.
std::string brief_of(const policy::Decision& decision, const sql::StatementFacts& facts,
                     const catalog::Catalog* catalog, std::optional<double> estimated_rows,
                     Bytes parameters, const std::optional<policy::DryRun>& dry_run,
                     const SchemaChange& change);

}  // namespace sluice::approval
