#include <algorithm>

#include <fmt/format.h>

#include "sql/lint_script.h"

namespace sluice::sql {
namespace {

std::vector<std::string> datums(const LintScript& script, const Node& bound,
                                std::string_view list) {
  std::vector<std::string> texts;
  for_each(bound, list, [&](const Node& datum) {
    simdjson::dom::object wrapper;
    if (datum.get(wrapper) != simdjson::SUCCESS) return;
    for (const auto [kind, body] : wrapper) {
      texts.emplace_back(
          piece_at(script.text(), static_cast<size_t>(number_field(body, "location"))));
    }
  });
  return texts;
}

/// A CHECK that proves the bounds, for a key of one column; empty when it cannot be written.
std::string check_of(const LintScript& script, const Node& bound, const std::string& key) {
  const auto from = datums(script, bound, "lowerdatums");
  const auto to = datums(script, bound, "upperdatums");
  const auto in = datums(script, bound, "listdatums");
  const auto unbounded = [](const std::string& text) {
    return text.size() == 8 && (text.ends_with("VALUE") || text.ends_with("value"));
  };
  if (from.size() == 1 && to.size() == 1) {
    std::string check = key + " IS NOT NULL";
    if (!unbounded(from[0])) check += " AND " + key + " >= " + from[0];
    if (!unbounded(to[0])) check += " AND " + key + " < " + to[0];
    return check;
  }
  std::string list;
  for (const auto& value : in) list += (list.empty() ? "" : ", ") + value;
  return list.empty() ? "" : key + " IS NOT NULL AND " + key + " IN (" + list + ")";
}

/// The column that the partitions of `parent` are told apart by; "key" where that is not known.
std::string key_of(const LintTable& parent) {
  if (parent.relation == nullptr || parent.relation->partition_columns.size() != 1) return "key";
  const auto* column = parent.relation->column(parent.relation->partition_columns[0]);
  return column == nullptr ? "key" : quote_ident(column->name);
}

/// For people, where the column's name is not known.
std::string_view about_key(const std::string& key) {
  return key == "key" ? "-- key stands for the partition key's column:\n" : "";
}

bool has_check(const LintScript& script, const LintTable& partition) {
  if (script.checked_tables.contains(partition.display())) return true;
  if (partition.relation == nullptr) return false;
  const auto& constraints = partition.relation->constraints;
  return std::any_of(constraints.begin(), constraints.end(), [](const auto& constraint) {
    return constraint.type == 'c' && constraint.validated;
  });
}

/// Whether a CHECK of the default partition may prove that it holds no row for a new one: one of
/// its own, and about all the key's columns.
bool may_exclude(const catalog::Constraint& constraint, const catalog::Relation& table,
                 const catalog::Relation& parent) {
  if (constraint.type != 'c' || !constraint.validated) return false;
  const auto& inherited = parent.constraints;
  if (std::any_of(inherited.begin(), inherited.end(),
                  [&](const auto& other) { return other.name == constraint.name; }))
    return false;
  const auto& key = parent.partition_columns;
  return std::all_of(key.begin(), key.end(), [&](int16_t number) {
    const auto* of_parent = parent.column(number);
    if (of_parent == nullptr) return true;  // An expression.
    const auto* own = table.column(of_parent->name);
    const auto& checked = constraint.columns;
    return own != nullptr &&
           std::find(checked.begin(), checked.end(), own->number) != checked.end();
  });
}

bool excluded_by_check(const LintScript& script, const LintTable& table,
                       const catalog::Relation& parent) {
  if (script.checked_tables.contains(table.display())) return true;
  const auto& constraints = table.relation->constraints;
  return std::any_of(constraints.begin(), constraints.end(), [&](const auto& constraint) {
    return may_exclude(constraint, *table.relation, parent);
  });
}

/// A new partition called `name` takes over rows from the default one: the server looks whether
/// there are any. `again` is the statement without what ends it.
void on_default(LintScript& script, const LintTable& parent, const Node& bound,
                const std::string& name, const std::string& again) {
  if (parent.relation == nullptr || bool_field(bound, "is_default")) return;
  const auto* known = script.catalog()->relation(parent.relation->default_partition);
  if (known == nullptr) return;
  const LintTable table = script.table(known->schema, known->name);
  if (table.relation != known || table.created ||
      excluded_by_check(script, table, *parent.relation))
    return;
  const std::string key = key_of(parent);
  const std::string check = check_of(script, bound, key);
  const std::string alter = "ALTER TABLE " + table.sql;
  const std::string constraint = quote_ident(table.name + "_without_" + name);
  std::string safer = "-- add a CHECK that excludes the new partition's rows to " + table.sql +
                      " NOT VALID and VALIDATE it, then:\n" + again + ";";
  if (!check.empty()) {
    safer = fmt::format(
        "{0}{1} ADD CONSTRAINT {2} CHECK (NOT ({3})) NOT VALID;\n{1} VALIDATE CONSTRAINT {2};\n"
        "{4};\n{1} DROP CONSTRAINT {2};",
        about_key(key), alter, constraint, check, again);
  }
  auto& finding = script.report("new-partition-scans-default", table,
                                "every row of " + table.sql +
                                    " is checked for being the new partition's, while nobody can "
                                    "read or write it",
                                safer);
  finding.lock = LockLevel::kAccessExclusive;
  finding.scans = true;
}

void on_attach(LintScript& script, const LintTable& parent, const AlterCommand& command) {
  const auto definition = field(command.node, "def");
  const auto node = definition ? field(*definition, "PartitionCmd") : std::nullopt;
  const auto name = node ? field(*node, "name") : std::nullopt;
  const auto bound = node ? field(*node, "bound") : std::nullopt;
  // ALTER INDEX … ATTACH PARTITION has no bound.
  if (!name || !bound) return;
  const LintTable partition = script.table(*name);
  on_default(script, parent, *bound, partition.name,
             "ALTER TABLE " + parent.sql + " " + std::string(command.text));
  if (partition.created || has_check(script, partition)) return;
  const std::string constraint = quote_ident(partition.name + "_bounds");
  const std::string key = key_of(parent);
  const std::string check = check_of(script, *bound, key);
  std::string safer;
  if (!check.empty()) {
    const std::string alter = "ALTER TABLE " + partition.sql;
    safer = std::string(about_key(key)) + alter + " ADD CONSTRAINT " + constraint + " CHECK (" +
            check + ") NOT VALID;\n" + alter + " VALIDATE CONSTRAINT " + constraint +
            ";\nALTER TABLE " + parent.sql + " " + std::string(command.text) + ";\n" + alter +
            " DROP CONSTRAINT " + constraint + ";";
  } else {
    safer = "-- add a CHECK of the bounds to " + partition.sql +
            " NOT VALID and VALIDATE it, then:\nALTER TABLE " + parent.sql + " " +
            std::string(command.text) + ";";
  }
  auto& finding = script.report(
      "attach-partition-without-check", partition, command,
      "every row of " + partition.sql + " is checked while nobody can read or write it", safer);
  finding.lock = LockLevel::kAccessExclusive;
  finding.scans = true;
}

void on_detach(LintScript& script, const LintTable& parent, const AlterCommand& command) {
  if (command.lock != LockLevel::kAccessExclusive) return;
  script.report("detach-partition-not-concurrently", parent, command,
                "everyone who uses " + parent.sql + " waits",
                "ALTER TABLE " + parent.sql + " " + std::string(command.text) + " CONCURRENTLY;");
}

void on_create(LintScript& script) {
  const auto& statement = script.statement();
  const auto bound = field(statement.body, "partbound");
  if (!bound) return;
  LintTable parent;
  for_each(statement.body, "inhRelations",
           [&](const Node& wrapper) { parent = script.table(wrapper); });
  if (parent.name.empty() || parent.created) return;
  const LintTable partition = script.target();
  on_default(script, parent, *bound, partition.name, std::string(statement.text));
  const bool plain = !field(statement.body, "partspec") && !field(statement.body, "options") &&
                     !field(statement.body, "tableElts") &&
                     text_field(statement.body, "tablespacename").empty() &&
                     text_field(statement.body, "accessMethod").empty();
  std::string safer = "-- create " + partition.sql + " as a table of its own (LIKE " + parent.sql +
                      "), then ALTER TABLE " + parent.sql + " ATTACH PARTITION";
  if (plain) {
    const bool is_default = bool_field(*bound, "is_default");
    const std::string_view values =
        piece_at(script.text(), static_cast<size_t>(number_field(*bound, "location")));
    safer = "CREATE TABLE " + partition.sql + " (LIKE " + parent.sql +
            " INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED);\nALTER TABLE " +
            parent.sql + " ATTACH PARTITION " + partition.sql +
            (is_default ? " " : " FOR VALUES ") + std::string(values) + ";";
  }
  script.report("create-partition-locks-parent", parent,
                "everyone who uses " + parent.sql + " waits", safer);
}

}  // namespace

void lint_partitions(LintScript& script) {
  if (script.statement().node == "CreateStmt") on_create(script);
  const LintTable parent = script.target();
  for (const auto& command : script.commands()) {
    if (command.subtype == "AT_AttachPartition") {
      on_attach(script, parent, command);
    } else if (command.subtype == "AT_DetachPartition" && !parent.created) {
      on_detach(script, parent, command);
    }
  }
}

}  // namespace sluice::sql
