#include "sql/lint_script.h"
#include "sql/options.h"

namespace sluice::sql {
namespace {

Finding& report_rewrite(LintScript& script, std::string_view rule, const LintTable& table,
                        const std::string& safer) {
  auto& finding = script.report(rule, table,
                                (table.name.empty() ? std::string("every table") : table.sql) +
                                    " is written anew while nobody can read or write it",
                                safer);
  finding.rewrites = finding.scans = true;
  return finding;
}

void on_vacuum(LintScript& script) {
  const Node& body = script.statement().body;
  if (!bool_field(body, "is_vacuumcmd") || !option_on(body, "options", "full")) return;
  bool any = false;
  for_each(body, "rels", [&](const Node& wrapper) {
    const auto relation = field(wrapper, "VacuumRelation");
    const auto range = relation ? field(*relation, "relation") : std::nullopt;
    if (!range) return;
    any = true;
    const LintTable table = script.table(*range);
    if (table.created) return;
    report_rewrite(script, "vacuum-full", table, "VACUUM (ANALYZE) " + table.sql + ";");
  });
  if (!any) report_rewrite(script, "vacuum-full", {}, "VACUUM (ANALYZE);");
}

void on_cluster(LintScript& script) {
  const LintTable table = script.target();
  if (table.created) return;
  report_rewrite(script, "cluster", table,
                 table.name.empty() ? "VACUUM (ANALYZE);" : "VACUUM (ANALYZE) " + table.sql + ";");
}

void on_refresh(LintScript& script) {
  const Node& body = script.statement().body;
  if (bool_field(body, "concurrent") || bool_field(body, "skipData")) return;
  const LintTable view = script.target();
  if (view.created) return;
  auto& finding = script.report("refresh-matview-not-concurrently", view,
                                "nobody can read " + view.sql + " until its query has run",
                                "-- needs a unique index on columns of the view:\n"
                                "REFRESH MATERIALIZED VIEW CONCURRENTLY " +
                                    view.sql + ";");
  finding.rewrites = finding.scans = true;
}

void on_command(LintScript& script, const LintTable& table, const AlterCommand& command) {
  const bool logged = command.subtype == "AT_SetLogged" || command.subtype == "AT_SetUnLogged";
  const bool moved =
      command.subtype == "AT_SetTableSpace" || command.subtype == "AT_SetAccessMethod";
  if (!logged && !moved) return;
  auto& finding =
      report_rewrite(script, logged ? "set-logged-rewrites" : "set-tablespace-rewrites", table,
                     "-- at a quiet time:\nSET lock_timeout = '2s';\nALTER TABLE " + table.sql +
                         " " + std::string(command.text) + ";");
  finding.lock = command.lock;
}

}  // namespace

void lint_storage(LintScript& script) {
  const std::string_view node = script.statement().node;
  if (node == "VacuumStmt") {
    on_vacuum(script);
  } else if (node == "ClusterStmt") {
    on_cluster(script);
  } else if (node == "RefreshMatViewStmt") {
    on_refresh(script);
  }
  const LintTable table = script.target();
  if (table.created) return;
  for (const auto& command : script.commands()) on_command(script, table, command);
}

}  // namespace sluice::sql
