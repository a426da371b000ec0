#include "control/policy_json.h"

#include <array>
#include <utility>

#include "base/bytes.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

json::array texts(const std::vector<std::string>& values) {
  json::array out;
  for (const auto& value : values) out.emplace_back(to_printable_utf8(value));
  return out;
}

std::string column_name(const sql::ColumnRef& ref, const catalog::Catalog* catalog) {
  const auto* relation = catalog != nullptr ? catalog->relation(ref.relation) : nullptr;
  if (relation == nullptr) return "?";
  const auto* column = ref.column != 0 ? relation->column(ref.column) : nullptr;
  return relation->qualified_name() + "." + (column != nullptr ? column->name : "*");
}

json::array uses_of(sql::ColumnUses uses) {
  static constexpr std::array<std::pair<sql::ColumnUses, std::string_view>, 9> kNames = {
      {{sql::kUsedInOutput, "output"},
       {sql::kUsedInPredicate, "predicate"},
       {sql::kUsedInJoin, "join"},
       {sql::kUsedInGrouping, "grouping"},
       {sql::kUsedInOrdering, "ordering"},
       {sql::kWritten, "written"},
       {sql::kProbed, "probed"},
       {sql::kGivenAway, "given_away"},
       {sql::kArbiter, "arbiter"}}};
  json::array out;
  for (const auto& [bit, name] : kNames) {
    if ((uses & bit) != 0) out.emplace_back(name);
  }
  return out;
}

json::object action_json(const sql::Action& action) {
  json::object out{{"do", sql::name_of(action.kind)}};
  if (!action.object_kind.empty()) out["object_kind"] = action.object_kind;
  json::array objects;
  for (const auto& target : action.targets) {
    json::object object{{"name", to_printable_utf8(target.display())}};
    if (target.oid == 0) object["unknown"] = true;
    if (target.temporary) object["temporary"] = true;
    if (target.reached) object["reached"] = true;
    objects.push_back(std::move(object));
  }
  out["objects"] = std::move(objects);
  if (action.without_where) out["without_where"] = true;
  if (action.cascade) out["cascade"] = true;
  if (action.lock != sql::LockLevel::kNone) out["lock"] = sql::name_of(action.lock);
  return out;
}

json::object output_json(const sql::OutputColumn& column, const catalog::Catalog* catalog) {
  json::array sources;
  for (const auto& source : column.sources) {
    json::object one{{"column", column_name(source.column, catalog)}};
    if (!source.as_is) one["through"] = texts(source.functions);
    sources.push_back(std::move(one));
  }
  json::object out{{"name", to_printable_utf8(column.name)}, {"from", std::move(sources)}};
  if (column.unknown) out["unknown"] = true;
  return out;
}

}  // namespace

json::object to_json(const sql::StatementFacts& facts, const catalog::Catalog* catalog) {
  json::object out{{"kind", facts.kind}};
  if (!facts.unanalysable.empty()) out["not_understood"] = to_printable_utf8(facts.unanalysable);
  json::array actions, output, columns, functions;
  for (const auto& action : facts.actions) actions.push_back(action_json(action));
  for (const auto& column : facts.last_output()) output.push_back(output_json(column, catalog));
  for (const auto& used : facts.columns) {
    columns.push_back(json::object{{"column", column_name(used.column, catalog)},
                                   {"used_in", uses_of(used.uses)}});
  }
  for (const auto& function : facts.functions) {
    json::object one{{"name", to_printable_utf8(function.schema + "." + function.name)}};
    if (function.risk != sql::FunctionRisk::kNone) one["risk"] = sql::name_of(function.risk);
    if (function.reached) one["reached"] = true;
    functions.push_back(std::move(one));
  }
  out["actions"] = std::move(actions);
  out["output"] = std::move(output);
  out["columns"] = std::move(columns);
  out["functions"] = std::move(functions);
  const std::pair<const char*, bool> flags[] = {
      {"dynamic_sql", facts.dynamic_sql},     {"limit", facts.has_limit},
      {"cartesian", facts.cartesian},         {"writes", facts.writes},
      {"schema_change", facts.schema_change}, {"unresolved", facts.unresolved}};
  for (const auto& [name, set] : flags) {
    if (set) out[name] = true;
  }
  return out;
}

json::object to_json(const policy::Decision& decision) {
  json::object out{{"effect", policy::name_of(decision.effect)},
                   {"rule", decision.rule},
                   {"policy", decision.policy_version},
                   {"matched", texts(decision.matched)}};
  if (!decision.shadow.empty()) out["shadow"] = texts(decision.shadow);
  json::object limits;
  const auto& bounds = decision.limits;
  const auto add = [&limits](const char* name, const auto& bound, uint64_t most) {
    limits[name] = json::object{{"most", most}, {"rule", bound.rule}};
  };
  if (bounds.rows) add("rows", *bounds.rows, bounds.rows->most);
  if (bounds.bytes) add("bytes", *bounds.bytes, bounds.bytes->most);
  if (bounds.duration) {
    const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(bounds.duration->most);
    add("duration_ms", *bounds.duration, static_cast<uint64_t>(most.count()));
  }
  if (bounds.statements_per_minute) {
    add("statements_per_minute", *bounds.statements_per_minute, bounds.statements_per_minute->most);
  }
  if (bounds.rows_changed) add("rows_changed", *bounds.rows_changed, bounds.rows_changed->most);
  if (bounds.tables_changed) {
    add("tables_changed", *bounds.tables_changed, bounds.tables_changed->most);
  }
  if (bounds.capture) add("capture", *bounds.capture, bounds.capture->most);
  if (!limits.empty()) out["limits"] = std::move(limits);
  if (!decision.allowed()) {
    out["sqlstate"] = decision.sqlstate;
    out["message"] = to_printable_utf8(decision.message);
    out["detail"] = to_printable_utf8(decision.detail);
    out["hint"] = to_printable_utf8(decision.hint);
  }
  return out;
}

json::array to_json(const std::vector<policy::RuleTrace>& rules) {
  json::array out;
  for (const auto& rule : rules) {
    json::object one{{"rule", rule.rule},
                     {"effect", policy::name_of(rule.effect)},
                     {"matched", rule.matched},
                     {"why", texts(rule.reasons)}};
    if (rule.shadow) one["shadow"] = true;
    out.push_back(std::move(one));
  }
  return out;
}

json::object to_json(const policy::ReplayReport& report) {
  json::array changes, not_judged;
  for (const auto& change : report.changes) {
    json::object one{{"user", to_printable_utf8(change.user)},
                     {"was", policy::name_of(change.old_fate)},
                     {"would_be", policy::name_of(change.new_fate)},
                     {"old_rule", change.old_rule},
                     {"new_rule", change.new_rule},
                     {"statements", change.statements},
                     {"texts", change.texts},
                     {"first_record", change.first_id},
                     {"example", to_printable_utf8(change.example)},
                     {"message", to_printable_utf8(change.message)}};
    if (change.passed) {
      one["limit"] = change.passed->limit;
      one["most"] = change.passed->most;
      if (change.passed->got > 0) one["got"] = change.passed->got;
    }
    changes.push_back(std::move(one));
  }
  for (const auto& some : report.not_judged)
    not_judged.push_back(json::object{{"why", some.why}, {"statements", some.statements}});
  return {{"statements", report.statements},
          {"unchanged", report.unchanged},
          {"by_gateway", report.by_gateway},
          {"not_judged", report.count_not_judged()},
          {"not_judged_why", std::move(not_judged)},
          {"newly_refused", report.newly_refused},
          {"newly_limited", report.newly_limited},
          {"newly_allowed", report.newly_allowed},
          {"changes", std::move(changes)}};
}

}  // namespace sluice::control
