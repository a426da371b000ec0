#include <algorithm>

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
std::string check_of(const LintScript& script, const Node& bound) {
  const auto from = datums(script, bound, "lowerdatums");
  const auto to = datums(script, bound, "upperdatums");
  const auto in = datums(script, bound, "listdatums");
  const auto unbounded = [](const std::string& text) {
    return text.size() == 8 && (text.ends_with("VALUE") || text.ends_with("value"));
  };
  if (from.size() == 1 && to.size() == 1) {
    std::string check = "key IS NOT NULL";
    if (!unbounded(from[0])) check += " AND key >= " + from[0];
    if (!unbounded(to[0])) check += " AND key < " + to[0];
    return check;
  }
  std::string list;
  for (const auto& value : in) list += (list.empty() ? "" : ", ") + value;
  return list.empty() ? "" : "key IS NOT NULL AND key IN (" + list + ")";
}

bool has_check(const LintScript& script, const LintTable& partition) {
  if (script.checked_tables.contains(partition.display())) return true;
  if (partition.relation == nullptr) return false;
  const auto& constraints = partition.relation->constraints;
  return std::any_of(constraints.begin(), constraints.end(), [](const auto& constraint) {
    return constraint.type == 'c' && constraint.validated;
  });
}

void on_attach(LintScript& script, const LintTable& parent, const AlterCommand& command) {
  const auto definition = field(command.node, "def");
  const auto node = definition ? field(*definition, "PartitionCmd") : std::nullopt;
  const auto name = node ? field(*node, "name") : std::nullopt;
  const auto bound = node ? field(*node, "bound") : std::nullopt;
  // ALTER INDEX … ATTACH PARTITION has no bound.
  if (!name || !bound) return;
  const LintTable partition = script.table(*name);
  if (partition.created || has_check(script, partition)) return;
  const std::string constraint = quote_ident(partition.name + "_bounds");
  const std::string check = check_of(script, *bound);
  std::string safer;
  if (!check.empty()) {
    const std::string alter = "ALTER TABLE " + partition.sql;
    safer = "-- key stands for the partition key's column:\n" + alter + " ADD CONSTRAINT " +
            constraint + " CHECK (" + check + ") NOT VALID;\n" + alter + " VALIDATE CONSTRAINT " +
            constraint + ";\nALTER TABLE " + parent.sql + " " + std::string(command.text) + ";\n" +
            alter + " DROP CONSTRAINT " + constraint + ";";
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
