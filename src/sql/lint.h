#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/statement_facts.h"

namespace sluice::sql {

enum class Severity : uint8_t {
  kAdvice,   ///< works, but will be regretted
  kWarning,  ///< may stop or break clients
  kError,    ///< stops clients for as long as the table is big, fails, or loses data
};

/// "advice", "warning", "error".
std::string_view name_of(Severity severity);

/// One thing that the schema-change lint looks for.
struct Rule {
  std::string_view id;  ///< stable: used in reports, records and suppressions
  Severity severity;
  std::string_view meaning;
  std::string_view why;
  std::string_view safer;
};

/// All rules, in the order of docs/lint.md.
std::span<const Rule> lint_rules();

/// A rule that applies to a statement of a script. `rule`, `why` point to constants.
struct Finding {
  std::string_view rule;
  Severity severity = Severity::kWarning;
  size_t statement = 0;  ///< 1-based, in the script
  size_t line = 0;       ///< 1-based, of the statement's first word
  std::string message;
  LockLevel lock = LockLevel::kNone;  ///< that the statement or subcommand takes on `table`
  bool rewrites = false;              ///< writes the whole table anew, holding the lock
  bool scans = false;                 ///< reads the whole table, holding the lock
  std::string table;                  ///< schema-qualified where known; empty for none
  bool known_table = false;           ///< in the catalog: then `rows` and `bytes` are the catalog's
  double rows = -1;                   ///< estimate; -1 never counted
  uint64_t bytes = 0;
  std::vector<std::string> dependents;  ///< "view public.v", "index …": what the catalog knows
  std::string_view why;
  std::string safer;  ///< SQL for this very case, to be run outside a transaction block
};

/// Looks at a script of schema changes, as PostgreSQL 15 would run it against what `scope` says of
/// the database. Tables that the script itself creates are empty and nobody waits for them: rules
/// about locks leave them out. Without a catalog sizes, dependents and old types are unknown, and
/// what depends on them is reported as possible. A script that cannot be parsed is one finding,
/// "unparsable". Needs a stack of kAnalyserStackBytes; findings are in the order of statements.
std::vector<Finding> lint(std::string_view script, const Scope& scope);

}  // namespace sluice::sql
