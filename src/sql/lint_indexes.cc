#include <algorithm>

#include "sql/lint_script.h"
#include "sql/options.h"

namespace sluice::sql {
namespace {

LintKey key_of(const Node& body) {
  LintKey key;
  for_each(body, "indexParams", [&](const Node& wrapper) {
    const auto element = field(wrapper, "IndexElem");
    key.emplace_back(element ? text_field(*element, "name") : "");
  });
  return key;
}

/// An index for each partition, gathered under one that only the parent has.
std::string per_partition(const LintScript& script, const LintTable& table,
                          const std::string& name) {
  std::string safer = without_word(script.statement().text, "concurrently") + ";\n";
  const auto parent = field(script.statement().body, "relation");
  if (parent && bool_field(*parent, "inh")) safer = with_word_after(safer, "on", "ONLY");
  safer +=
      "-- then for each partition, outside a transaction:\n"
      "--   CREATE INDEX CONCURRENTLY … ON partition …; ALTER INDEX " +
      name + " ATTACH PARTITION …;\n";
  for (const auto child : table.relation->children) {
    const auto* partition = script.catalog()->relation(child);
    if (partition != nullptr) safer += "-- " + partition->qualified_name() + "\n";
  }
  return safer;
}

void on_create(LintScript& script) {
  const auto& statement = script.statement();
  const LintTable table = script.target();
  std::string name(text_field(statement.body, "idxname"));
  if (name.empty()) name = table.name + "_idx";
  script.indexes[table.display()].push_back(key_of(statement.body));
  if (table.created) return;
  const bool concurrent = bool_field(statement.body, "concurrent");
  if (table.partitioned()) {
    script
        .report(concurrent ? "concurrently-on-partitioned-table" : "create-index-not-concurrently",
                table,
                concurrent
                    ? "PostgreSQL 15 cannot index partitioned table " + table.sql + " concurrently"
                    : "writes to " + table.sql + " and all its partitions wait for the index",
                per_partition(script, table, quote_ident(name)))
        .scans = !concurrent;
  } else if (!concurrent) {
    script
        .report("create-index-not-concurrently", table,
                "writes to " + table.sql + " wait until the index is built",
                with_word_after(statement.text, "index", "CONCURRENTLY") + ";")
        .scans = true;
  } else if (bool_field(statement.body, "if_not_exists")) {
    script.report("concurrent-index-if-not-exists", table,
                  "an invalid " + name + " left by a failed attempt would be taken for done",
                  "DROP INDEX CONCURRENTLY IF EXISTS " + quote_ident(name) + ";\n" +
                      std::string(statement.text) + ";");
  }
}

/// The table that an index of the catalog belongs to; an empty name when not known.
LintTable table_of_index(const LintScript& script, const std::vector<std::string>& name) {
  if (script.catalog() == nullptr || name.empty()) return {};
  const auto index = script.table(name.size() > 1 ? name[name.size() - 2] : "", name.back());
  if (index.relation == nullptr) return {};
  for (const auto& relation : script.catalog()->relations()) {
    const bool owns = std::any_of(relation.indexes.begin(), relation.indexes.end(),
                                  [&](const auto& own) { return own.oid == index.relation->oid; });
    if (owns) return script.table(relation.schema, relation.name);
  }
  return {};
}

void on_drop(LintScript& script) {
  const Node& body = script.statement().body;
  const bool concurrent = bool_field(body, "concurrent");
  for_each(body, "objects", [&](const Node& wrapper) {
    const auto list = field(wrapper, "List");
    if (!list) return;
    const auto parts = names_in(*list, "items");
    const std::string name = joined(parts, ".");
    LintTable table = table_of_index(script, parts);
    if (script.table(parts.size() > 1 ? parts[0] : "", parts.back()).created) return;
    if (concurrent && table.partitioned()) {
      script.report("concurrently-on-partitioned-table", table,
                    name + " is an index of partitioned table " + table.sql,
                    "SET lock_timeout = '2s';\nDROP INDEX " + name + ";");
    }
    if (concurrent || table.created) return;
    const bool missing_ok = bool_field(body, "missing_ok");
    std::string safer = "DROP INDEX CONCURRENTLY ";
    if (missing_ok) safer += "IF EXISTS ";
    safer += name + ";";
    if (table.partitioned()) safer = "SET lock_timeout = '2s';\nDROP INDEX " + name + ";";
    script.report("drop-index-not-concurrently", table,
                  "readers and writers of " + (table.name.empty() ? "its table" : table.sql) +
                      " stop while " + name + " is dropped, and while that waits",
                  safer);
  });
}

void on_reindex(LintScript& script) {
  const auto& statement = script.statement();
  if (option_on(statement.body, "params", "concurrently")) return;
  std::string_view kind = text_field(statement.body, "kind");
  constexpr std::string_view kPrefix = "REINDEX_OBJECT_";
  if (kind.starts_with(kPrefix)) kind.remove_prefix(kPrefix.size());
  std::string word(kind);
  std::transform(word.begin(), word.end(), word.begin(), ::tolower);
  LintTable table = script.target();
  if (table.created) return;
  std::string about = table.name.empty() ? "every table of it" : table.sql;
  if (kind == "INDEX") {
    const LintTable owner = table_of_index(script, {table.schema, table.name});
    about = owner.name.empty() ? "the table of " + table.sql : owner.sql;
    if (!owner.name.empty()) table = owner;
  }
  // System catalogs cannot be reindexed concurrently.
  const std::string safer = kind == "SYSTEM"
                                ? "SET lock_timeout = '2s';\n" + std::string(statement.text) + ";"
                                : with_word_after(statement.text, word, "CONCURRENTLY") + ";";
  auto& finding = script.report(
      "reindex-not-concurrently", table,
      "writes to " + about + " stop, and so do queries that would use the index, until it is built",
      safer);
  finding.scans = true;
}

}  // namespace

void lint_indexes(LintScript& script) {
  const auto& statement = script.statement();
  if (statement.node == "IndexStmt") {
    on_create(script);
  } else if (statement.node == "ReindexStmt") {
    on_reindex(script);
  } else if (statement.node == "DropStmt" &&
             text_field(statement.body, "removeType") == "OBJECT_INDEX") {
    on_drop(script);
  }
}

}  // namespace sluice::sql
