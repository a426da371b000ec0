#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "sql/statement_facts.h"

/// Dropping and emptying so that it can be undone.
///
/// The statement itself runs unchanged. Before it, in its transaction, what it would destroy is
/// taken out of its way: a table or schema moves into a schema of its own and an empty one of the
/// same name is dropped in its place, which takes no time whatever its size; rows of TRUNCATE and
/// values of a column are copied.
namespace sluice::undo {

/// Copies are made while the statement's locks are held.
inline constexpr uint64_t kMostCopied = uint64_t{1} << 30;

/// How to undo it, as texts for the server.
struct Kept {
  std::string schema;                ///< where it is kept
  std::vector<std::string> checks;   ///< any row that one returns says why it cannot be undone
  std::vector<std::string> restore;  ///< in one transaction
  friend bool operator==(const Kept&, const Kept&) = default;
};

struct Keeping {
  std::vector<std::string> first;  ///< before the statement, in its transaction
  Kept kept;
  std::string summary;  ///< "table public.orders, column public.customers.email"
};

/// What to do for a statement; nothing for one that destroys nothing of the sort. `schema`: a name
/// that is not in use, beginning with
/// catalog::kKeptPrefix, which nobody reaches through the gateway. kDenied: it cannot be kept, and
/// why.
Result<std::optional<Keeping>> keep_first(const sql::StatementFacts& facts,
                                          const catalog::Catalog& catalog,
                                          const std::string& schema);

/// Whether rows that the statement changes are to be kept (undo/capture.h). kDenied: some never
/// can.
Result<bool> changes_rows(const sql::StatementFacts& facts, const catalog::Catalog& catalog);

/// As JSON. kInvalidInput: not what this makes.
std::string encode(const Kept& kept);
Result<Kept> decode_kept(std::string_view text);

}  // namespace sluice::undo
