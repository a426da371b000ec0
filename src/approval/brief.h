#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "policy/decision.h"
#include "policy/proofs.h"
#include "sql/lint.h"
#include "sql/statement_facts.h"

namespace sluice::approval {

/// What those who decide are shown of a statement, as JSON:
///   {"why", "kind", "actions": [{"do", "object", "object_kind", "without_where", "cascade",
///   "lock"}], "tables": [{"name", "rows", "bytes", "dependents"}], "estimated_rows",
///   "lint": [{"rule", "severity", "message", "safer"}], "parameters": [text or null],
///   "dry_run": {"rows", "tables": [text]} or {"why_not"}}
/// `parameters`: the part of a Bind from its format codes on; empty for none.
std::string brief_of(const policy::Decision& decision, const sql::StatementFacts& facts,
                     const catalog::Catalog* catalog, std::optional<double> estimated_rows,
                     const std::vector<sql::Finding>& lint, Bytes parameters,
                     const std::optional<policy::DryRun>& dry_run = {});

/// What of lint's findings is worse than advice, one a line.
std::vector<std::string> worse_than_advice(const std::vector<sql::Finding>& lint);

}  // namespace sluice::approval
