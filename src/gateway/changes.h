#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/loader.h"
#include "policy/decision.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// Rows that a transaction has changed so far, by table ("schema.name"), as the server itself
/// counts them: cascades and triggers included, temporary tables left out.
using Changes = std::map<std::string, uint64_t, std::less<>>;

/// The table whose rows a statement's command tag tells, all that it can change: then the server
/// need not be asked. Null where something may follow from the write (triggers, rules, cascades,
/// partitions, functions that are called) or it is not the only one.
const catalog::Relation* counted_by_tag(const sql::StatementFacts& facts,
                                        const catalog::Catalog& catalog);

/// The statements that ask the server for them, as pg_stat_xact_all_tables would tell.
std::vector<std::string> count_statements();

/// Reads the answers to `count_statements`; nothing if they do not tell, because counting is
/// switched off or they cannot be read.
std::optional<Changes> read_changes(const std::vector<catalog::Rows>& answers);

/// Whether behind it the server may count a table from nothing again, so that what it has counted
/// before says nothing any more.
bool resets_counts(const sql::StatementFacts& facts);

/// Whether what it changes is counted, before anybody learns that it is done. `writes`: the
/// statement, or one that it EXECUTEs, may change rows.
bool needs_counting(bool writes, const policy::Decision& decision);

/// Puts right what was counted before a statement of the tables that it truncates: since then they
/// count what the session's transactions before have just changed in them. One that does nothing
/// else has changed no row; of another all that they count may be its own.
void count_truncated_anew(Changes& before, const Changes& after, const sql::StatementFacts& facts);

/// What was changed from `before` to `after`. A table that counts less than before was truncated in
/// between: then all that it counts.
Changes changes_between(const Changes& before, const Changes& after);

/// `decision`, bounded by the limits of `by` as well.
std::shared_ptr<const policy::Decision> tightened(const policy::Decision& decision,
                                                  const policy::Limits& by);

/// The refusal if `changed` is more than `limits` allow; null if it is not. `kind`: the statement's
/// ("UPDATE").
std::shared_ptr<const policy::Decision> over_limit(const Changes& changed,
                                                   const policy::Decision& decision,
                                                   std::string_view kind);

/// `over` of a text that has committed some of its changes before.
std::shared_ptr<const policy::Decision> but_for_committed(const policy::Decision& over);

/// The refusal of a bounded write whose changes the server does not count: those of foreign tables.
/// Null where it does.
std::shared_ptr<const policy::Decision> uncountable(const sql::StatementFacts& facts);

}  // namespace sluice::gateway
