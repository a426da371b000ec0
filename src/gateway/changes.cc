#include "gateway/changes.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "base/bytes.h"
#include "gateway/budgets.h"
#include "gateway/open_cursors.h"
#include "gateway/refusal_facts.h"
#include "gateway/refusals.h"

namespace sluice::gateway {
namespace {

std::string list_of(const Changes& changed) {
  std::string text;
  for (const auto& [table, rows] : changed) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{}: {}", table, rows);
  }
  return text;
}

/// By track_counts the server counts what statements change.
bool sets_counting(const sql::Action& action) {
  return action.targets.empty() ||
         std::any_of(action.targets.begin(), action.targets.end(),
                     [](const sql::Object& setting) { return setting.name == "track_counts"; });
}

bool changes_rows(sql::ActionKind kind) {
  using enum sql::ActionKind;
  return kind == kInsert || kind == kUpdate || kind == kDelete;
}

/// Whether a write of it changes rows of nothing else.
bool stands_alone(const catalog::Relation& table, const catalog::Catalog& catalog) {
  const auto cascades = [](const catalog::Constraint& key) {
    const auto changes = [](char action) {
      return action == 'c' || action == 'n' || action == 'd';
    };
    return key.type == 'f' && (changes(key.on_delete) || changes(key.on_update));
  };
  if (table.kind != catalog::RelationKind::kTable || table.persistence == 't' ||
      !table.triggers.empty() || !table.rules.empty() || !table.children.empty()) {
    return false;
  }
  const auto referencing = catalog.referencing(table.oid);
  return std::none_of(referencing.begin(), referencing.end(),
                      [&](const auto& key) { return cascades(*key.second); }) &&
         std::none_of(table.constraints.begin(), table.constraints.end(), [&](const auto& key) {
           return key.referenced == table.oid && cascades(key);
         });
}

}  // namespace

const catalog::Relation* counted_by_tag(const sql::StatementFacts& facts,
                                        const catalog::Catalog& catalog) {
  const auto& kind = facts.kind;
  if (facts.statements != 1 || facts.dynamic_sql || facts.unresolved || !facts.functions.empty() ||
      !facts.prepared.empty() ||
      (kind != "INSERT" && kind != "UPDATE" && kind != "DELETE" && kind != "COPY")) {
    return nullptr;
  }
  const sql::Object* target = nullptr;
  for (const sql::Action& action : facts.actions) {
    using enum sql::ActionKind;
    // COPY FROM inserts as well.
    if (action.kind == kRead || action.kind == kReadCatalog || action.kind == kCopyIn) continue;
    const auto& targets = action.targets;
    if (!changes_rows(action.kind) || targets.empty()) return nullptr;
    const auto sequence = [](const sql::Object& object) {
      return object.kind == catalog::RelationKind::kSequence;
    };
    if (std::all_of(targets.begin(), targets.end(), sequence)) continue;
    if (target != nullptr || targets.size() != 1 || targets[0].reached) return nullptr;
    target = &targets[0];
  }
  const auto* table = target == nullptr ? nullptr : catalog.relation(target->oid);
  return table != nullptr && stands_alone(*table, catalog) ? table : nullptr;
}

std::vector<std::string> count_statements() {
  // What pg_stat_xact_all_tables says, without the joins and other counts that make that view slow.
  // The catalog's own tables change with DDL, which has rules of its own: pg_catalog and pg_toast
  // are left out. Operators are named with their schema: search_path is the client's.
  return {"SELECT pg_catalog.current_setting('track_counts')",
          "SELECT n.nspname, t.relname, t.changed FROM ("
          "SELECT c.relname, c.relnamespace, pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) "
          "OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) "
          "OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) AS changed "
          "FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) 'r' "
          "AND c.relnamespace OPERATOR(pg_catalog.<>) 11 "
          "AND c.relpersistence OPERATOR(pg_catalog.<>) 't' OFFSET 0) t "
          "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.relnamespace "
          "WHERE t.changed OPERATOR(pg_catalog.>) 0::pg_catalog.int8"};
}

std::optional<Changes> read_changes(const std::vector<catalog::Rows>& answers) {
  if (answers.size() < 2) return std::nullopt;
  const auto& counting = answers[answers.size() - 2];
  if (counting.size() != 1 || counting[0].size() != 1 || counting[0][0] != "on") {
    return std::nullopt;
  }
  Changes changes;
  for (const auto& row : answers.back()) {
    if (row.size() != 3 || !row[0] || !row[1] || !row[2]) return std::nullopt;
    uint64_t count = 0;
    const auto& text = *row[2];
    const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    changes[*row[0] + "." + *row[1]] += count;
  }
  return changes;
}

bool resets_counts(const sql::StatementFacts& facts) {
  return facts.schema_change ||
         std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
           return action.kind == sql::ActionKind::kTruncate;
         });
}

bool needs_counting(bool writes, const policy::Decision& decision) {
  if (decision.undoable) return true;
  // A write whose result is cut off has to be undone as well.
  return writes && (decision.limits.on_changes() || decision.limits.on_results());
}

void count_truncated_anew(Changes& before, const Changes& after, const sql::StatementFacts& facts) {
  const bool only_truncates =
      !runs_code(facts) && std::ranges::all_of(facts.actions, [](const auto& action) {
        return action.kind == sql::ActionKind::kTruncate;
      });
  for (const auto& action : facts.actions) {
    if (action.kind != sql::ActionKind::kTruncate) continue;
    for (const auto& target : action.targets) {
      const auto now = after.find(target.display());
      before.erase(target.display());
      if (only_truncates && now != after.end()) before.insert(*now);
    }
  }
}

Changes changes_between(const Changes& before, const Changes& after) {
  Changes changed;
  for (const auto& [table, count] : after) {
    const auto old = before.find(table);
    const uint64_t already = old == before.end() ? 0 : old->second;
    const uint64_t more = count >= already ? count - already : count;
    if (more > 0) changed[table] = more;
  }
  return changed;
}

namespace {

template <typename T>
void tighten(std::optional<policy::Bound<T>>& bound, const std::optional<policy::Bound<T>>& by) {
  if (by && (!bound || by->most < bound->most)) bound = by;
}

using Rates = std::vector<std::pair<std::string, policy::Bound<uint32_t>>>;

/// Each person's by each rule once.
void add_rates(Rates& rates, const Rates& others) {
  for (const auto& other : others) {
    const bool known = std::any_of(rates.begin(), rates.end(), [&](const auto& each) {
      return each.first == other.first && each.second.rule == other.second.rule;
    });
    if (!known) rates.push_back(other);
  }
}

}  // namespace

std::shared_ptr<const policy::Decision> tightened(const policy::Decision& decision,
                                                  const policy::Limits& by) {
  auto both = std::make_shared<policy::Decision>(decision);
  tighten(both->limits.rows, by.rows);
  tighten(both->limits.bytes, by.bytes);
  tighten(both->limits.duration, by.duration);
  tighten(both->limits.statements_per_minute, by.statements_per_minute);
  add_rates(both->limits.rates_of_others, by.rates_of_others);
  tighten(both->limits.rows_changed, by.rows_changed);
  tighten(both->limits.tables_changed, by.tables_changed);
  auto& capture = both->limits.capture;
  if (by.capture && (!capture || by.capture->most > capture->most)) capture = by.capture;
  return both;
}

std::shared_ptr<const policy::Decision> over_limit(const Changes& changed,
                                                   const policy::Decision& decision,
                                                   std::string_view kind) {
  uint64_t rows = 0;
  for (const auto& [table, count] : changed) rows += std::min(count, UINT64_MAX - rows);
  const auto& limits = decision.limits;
  const bool too_many_rows = limits.rows_changed && rows > limits.rows_changed->most;
  const bool too_many_tables =
      limits.tables_changed && changed.size() > limits.tables_changed->most;
  if (!too_many_rows && !too_many_tables) return nullptr;
  auto refused = std::make_shared<policy::Decision>(decision);
  refused->effect = policy::Effect::kDeny;
  refused->sqlstate = "42501";
  const uint64_t most = too_many_rows ? limits.rows_changed->most : limits.tables_changed->most;
  refused->rule = too_many_rows ? limits.rows_changed->rule : limits.tables_changed->rule;
  refused->message =
      fmt::format("{} would change {} {}, more than the {} that rule \"{}\" allows: undone", kind,
                  too_many_rows ? rows : changed.size(), too_many_rows ? "rows" : "tables", most,
                  refused->rule);
  refused->hint = "Change fewer rows at once, or ask for an approved change.";
  blame_budget(*refused);
  boost::json::object tables;
  for (const auto& [table, count] : changed) tables[to_printable_utf8(table)] = count;
  refused->detail = fmt::format(
      "Rows changed, with cascades and triggers: {}.\n{}", list_of(changed),
      refusal_detail(*refused, {{"statement", kind},
                                {"limited", too_many_rows ? "rows_changed" : "tables_changed"},
                                {"limit", most},
                                {"rows_changed", std::move(tables)}}));
  return refused;
}

std::shared_ptr<const policy::Decision> but_for_committed(const policy::Decision& over) {
  auto told = std::make_shared<policy::Decision>(over);
  constexpr std::string_view kUndone = ": undone";
  if (told->message.ends_with(kUndone)) {
    told->message += ", but for what the text had committed before, which stands";
  }
  return told;
}

std::shared_ptr<const policy::Decision> uncountable(const sql::StatementFacts& facts) {
  using enum sql::ActionKind;
  if ((facts.kind == "CALL" || facts.kind == "DO") && facts.outside_transaction) {
    return refusal("commits-by-itself", "42501",
                   facts.kind +
                       " runs a body that ends transactions: what it changes cannot be "
                       "counted before that, and this write is bounded",
                   "Take COMMIT and ROLLBACK out of the body, or ask for an approved change.");
  }
  for (const auto& action : facts.actions) {
    if (action.kind == kSessionSetting && sets_counting(action)) {
      return refusal("counting-stays-on", "42501",
                     "a write whose rows are counted cannot set track_counts as well",
                     "Leave track_counts alone; send other settings as statements of their own.");
    }
    const bool writes = action.kind == kInsert || action.kind == kUpdate ||
                        action.kind == kDelete || action.kind == kMerge || action.kind == kCopyIn;
    if (!writes) continue;
    for (const auto& target : action.targets) {
      if (target.kind != catalog::RelationKind::kForeignTable) continue;
      return refusal(
          "foreign-rows-uncounted", "42501",
          fmt::format("rows of the foreign table \"{}\" cannot be counted, and this write "
                      "is bounded",
                      target.display()),
          "Write to the table where it lives.");
    }
  }
  return nullptr;
}

}  // namespace sluice::gateway
