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

/// What else is known of a statement.
struct Known {
  std::string_view text = {};  ///< as it was sent: its comment's tags may say why
  std::optional<double> estimated_rows = std::nullopt;
  Bytes parameters = {};  ///< the part of a Bind from its format codes on; empty for none
  std::optional<policy::DryRun> dry_run = std::nullopt;
  Bytes types = {};  ///< of the parameters, as Parse declares them
};

/// The types in a Subject's parameters, as Parse declared them; "" where there are none.
Bytes declared_types(Bytes parameters);

/// What those who decide are shown of a statement, as JSON:
///   {"why", "reason", "ticket", "kind", "actions": [{"do", "object", "object_kind",
///   "without_where", "cascade", "lock"}], "tables": [{"name", "rows", "bytes", "dependents"}],
///   "estimated_rows", "lint": [{"rule", "severity", "message", "safer"}], "parameters": [text or
///   null], "dry_run": {"rows", "tables": [text]} or {"why_not"}, "schema_diff": [text], "breaks":
///   [text]}
/// `reason`, `ticket`: as who asks says in tags of the text's comment (sql/comment_tags.h).
/// `dependents`: sql::dependents_of and triggers, where the table is more than read.
/// Needs a stack of kAnalyserStackBytes.
std::string brief_of(const policy::Decision& decision, const sql::StatementFacts& facts,
                     const catalog::Catalog* catalog, const Known& known,
                     const SchemaChange& change);

}  // namespace sluice::approval
