#include "approval/brief.h"

#include <algorithm>
#include <set>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/bound_values.h"
#include "sql/comment_tags.h"
#include "sql/compatibility.h"
#include "sql/lint_dependents.h"
#include "sql/schema_diff.h"

namespace sluice::approval {
namespace {

namespace json = boost::json;

/// More than this nobody reads.
constexpr size_t kMostListed = 50;
constexpr size_t kLongestValue = 1000;

json::string utf8(std::string_view text) { return json::string(to_printable_utf8(text)); }

/// Of a number of rows: 2000000 and not 2E6, for whoever reads it as it stands.
json::value whole(double rows) {
  constexpr double kMost = 9e15;
  return rows < kMost ? json::value(static_cast<int64_t>(rows + 0.5)) : json::value(rows);
}

json::array texts(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& text : list) out.push_back(utf8(text));
  return out;
}

json::array actions_of(const sql::StatementFacts& facts) {
  json::array out;
  for (const sql::Action& action : facts.actions) {
    const auto add = [&](const sql::Object* object) {
      if (out.size() == kMostListed) return;
      json::object row{{"do", sql::name_of(action.kind)}};
      if (object != nullptr) row["object"] = utf8(object->display());
      if (!action.object_kind.empty()) row["object_kind"] = action.object_kind;
      if (action.without_where) row["without_where"] = true;
      if (action.cascade) row["cascade"] = true;
      if (action.lock != sql::LockLevel::kNone) row["lock"] = sql::name_of(action.lock);
      out.push_back(std::move(row));
    };
    if (action.targets.empty()) add(nullptr);
    for (const sql::Object& target : action.targets) add(&target);
  }
  return out;
}

/// What would feel a change of a table: what reads it, refers to it, belongs to it or runs with it.
json::array dependents_of(const catalog::Relation& relation, const catalog::Catalog& catalog) {
  auto found = sql::dependents_of(catalog, relation, "");
  for (const catalog::Trigger& trigger : relation.triggers)
    found.push_back("trigger " + trigger.name);
  const size_t more = found.size() - std::min(found.size(), kMostListed);
  found.resize(found.size() - more);
  if (more != 0) found.push_back(fmt::format("and {} more", more));
  return texts(found);
}

/// Tables, once each: what a statement does more than read comes first, and only of that it is told
/// what depends on it.
json::array tables_of(const sql::StatementFacts& facts, const catalog::Catalog* catalog) {
  json::array out;
  std::set<catalog::Oid> seen;
  const auto add = [&](const sql::Action& action) {
    for (const sql::Object& target : action.targets) {
      const catalog::Relation* relation =
          catalog == nullptr || target.oid == 0 ? nullptr : catalog->relation(target.oid);
      if (relation == nullptr || relation->system() || !seen.insert(target.oid).second) continue;
      if (out.size() == kMostListed) return;
      json::object row{{"name", utf8(relation->qualified_name())}, {"bytes", relation->bytes}};
      row["rows"] =
          relation->estimated_rows < 0 ? json::value(nullptr) : whole(relation->estimated_rows);
      const bool reads = action.kind == sql::ActionKind::kRead;
      row["dependents"] = reads ? json::array() : dependents_of(*relation, *catalog);
      out.push_back(std::move(row));
    }
  };
  for (const bool reads : {false, true}) {
    for (const sql::Action& action : facts.actions) {
      if ((action.kind == sql::ActionKind::kRead) == reads) add(action);
    }
  }
  return out;
}

json::array values_of(Bytes raw, Bytes types) {
  json::array out;
  for (auto& value : readable_values(raw, types)) {
    if (!value) {
      out.emplace_back(nullptr);
      continue;
    }
    const size_t size = value->size();
    std::string text(utf8_prefix(*value, kLongestValue));
    if (text.size() < size) text += fmt::format("… ({} bytes)", size);
    out.push_back(utf8(text));
  }
  return out;
}

json::object json_of(const policy::DryRun& run) {
  if (!run.rows) return {{"why_not", utf8(run.why_not)}};
  json::array tables;
  for (const auto& table : run.tables) {
    if (tables.size() < kMostListed) tables.push_back(utf8(table));
  }
  return {{"rows", *run.rows}, {"tables", std::move(tables)}};
}

/// What the client says of why, which nobody has verified.
void add_said(std::string_view text, json::object& out) {
  const auto tags = sql::comment_tags(text);
  for (const std::string_view name : {"reason", "ticket"}) {
    if (const auto said = sql::tag_value(tags, name); !said.empty()) out[name] = utf8(said);
  }
}

}  // namespace

Bytes declared_types(Bytes parameters) {
  if (parameters.size() < 4) return {};
  return parameters.substr(4, load_be32(parameters.data()));
}

std::string brief_of(const policy::Decision& decision, const sql::StatementFacts& facts,
                     const catalog::Catalog* catalog, const Known& known,
                     const SchemaChange& change) {
  json::array findings;
  for (const sql::Finding& finding : change.lint) {
    if (findings.size() == kMostListed) break;
    findings.push_back(json::object{{"rule", finding.rule},
                                    {"severity", sql::name_of(finding.severity)},
                                    {"message", utf8(finding.message)},
                                    {"safer", utf8(finding.safer)}});
  }
  json::object out{{"why", utf8(decision.message)},
                   {"kind", facts.kind},
                   {"actions", actions_of(facts)},
                   {"tables", tables_of(facts, catalog)},
                   {"lint", std::move(findings)}};
  if (!change.diff.empty()) out["schema_diff"] = texts(change.diff);
  if (!change.breaks.empty()) out["breaks"] = texts(change.breaks);
  add_said(known.text, out);
  if (known.estimated_rows) out["estimated_rows"] = whole(*known.estimated_rows);
  if (!known.parameters.empty()) out["parameters"] = values_of(known.parameters, known.types);
  if (known.dry_run) out["dry_run"] = json_of(*known.dry_run);
  return json::serialize(out);
}

SchemaChange SchemaChange::of(std::string_view text, const sql::Scope& scope) {
  return {sql::lint(text, scope), sql::schema_diff(text, scope), sql::breaks_older_clients(text)};
}

policy::Objections SchemaChange::objections() const {
  policy::Objections out;
  for (const sql::Finding& finding : lint) {
    if (finding.severity != sql::Severity::kAdvice)
      out.lint.push_back(fmt::format("{}: {}", finding.rule, finding.message));
  }
  out.breaks = breaks;
  return out;
}

}  // namespace sluice::approval
