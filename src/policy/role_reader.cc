#include "policy/role_reader.h"

#include <unordered_map>

#include <fmt/format.h>

#include "base/units.h"
#include "policy/approval_reader.h"
#include "policy/rule_reader.h"

namespace sluice::policy {
namespace {

using yaml::Item;
using yaml::MapReader;

constexpr size_t kMaxRole = 64 << 10;
constexpr Duration kLongest = std::chrono::hours(24 * 30);
constexpr Duration kShortest = std::chrono::seconds(1);

void read_groups(MapReader& map, const std::string& key, const std::string& wanted,
                 std::vector<std::string>& out) {
  map.list(key, [&](const Item& item) -> std::string {
    if (item.text == "*" || item.text.starts_with('!')) return "expected the name of a group";
    out.push_back(item.text);
    return "";
  });
  if (out.empty()) map.problem(key, wanted);
}

void read_span(MapReader& map, const std::string& key, Duration& out) {
  map.parsed(key, out, parse_duration);
  if (out < kShortest || out > kLongest) map.problem(key, "expected from 1s to 30d");
}

/// A role is asked for without a statement.
void check_when(MapReader& map, const When& when) {
  const auto no = [&](bool given, const char* key) {
    if (given) map.problem(key, "is about statements; a role is asked for without one");
  };
  no(when.without_where.has_value(), "without_where");
  no(when.cascade.has_value(), "cascade");
  no(when.lock.has_value(), "lock");
  no(when.table_rows.has_value(), "table_rows");
  no(when.dynamic_sql.has_value(), "dynamic_sql");
  no(when.cartesian.has_value(), "cartesian");
  no(when.no_limit.has_value(), "no_limit");
  no(when.functions.has_value(), "functions");
  no(when.classes.has_value(), "classes");
  no(when.estimated_rows.has_value(), "estimated_rows");
  no(when.application.has_value(), "application");
  no(when.purpose.has_value(), "purpose");
  no(when.run.has_value(), "run");
  no(when.prompt.has_value(), "prompt");
  no(when.tainted.has_value(), "tainted");
  no(when.in_transaction.has_value(), "in_transaction");
}

/// `who` and `when`: never everybody by leaving them out.
void read_conditions(MapReader& map, Rule& rule) {
  read_part(map, "who", [&](MapReader& inner) { read_who(inner, rule.who); });
  read_part(map, "when", [&](MapReader& inner) {
    read_when(inner, rule.when);
    check_when(inner, rule.when);
  });
}

void read_asks(MapReader& map, Rule& rule) {
  read_conditions(map, rule);
  if (!map.has("who"))
    map.problem("who", "expected who may have it, such as {groups: [engineering]}");
}

void read_approval(MapReader& map, Role& role) {
  const YAML::Node approve = map.node("approve");
  if (!approve.IsDefined()) return;
  for (const char* key : {"wait_in_transaction", "max_rows", "undoable", "dry_run"}) {
    if (approve.IsMap() && approve[key].IsDefined())
      map.problem("approve", fmt::format("{} is about statements; a role has none", key));
  }
  Rule holding;
  holding.name = role.name;
  holding.effect = Effect::kHold;
  read_approve(map, holding, read_conditions);
  if (holding.approve && (holding.approve->lint_clean || holding.approve->backward_compatible))
    map.problem("approve", "lint is about statements; a role has none");
  if (holding.approve && holding.approve->proofs.any())
    map.problem("approve", "what others vouch for is about statements; a role has none");
  role.approve = holding.approve;
}

void read_break_glass(MapReader& map, BreakGlass& out) {
  read_asks(map, out.asks);
  read_span(map, "at_most", out.at_most);
  if (!map.has("review"))
    map.problem("review", "expected {by: [groups that look at it afterwards]}");
  map.map("review", [&](MapReader& review) {
    read_groups(review, "by", "expected the groups whose people look at it afterwards",
                out.review_by);
    read_span(review, "within", out.review_within);
  });
}

}  // namespace

Role read_role(MapReader& map, yaml::Problems& problems) {
  Role role;
  role.line = map.mark().line + 1;
  role.column = map.mark().column + 1;
  role.text = map.dump(kMaxRole);
  if (role.text.empty()) {
    problems.add(map.mark(), fmt::format("a role longer than {} bytes, or without end", kMaxRole));
    map.skip();
    return role;
  }
  if (map.scalar("name", role.name, true)) {
    if (const auto wrong = check_rule_name(role.name); !wrong.empty()) map.problem("name", wrong);
  }
  role.asks.name = role.name;
  map.scalar("description", role.description);
  read_groups(map, "groups", "expected the groups that it gives, such as [writers]", role.groups);
  read_asks(map, role.asks);
  read_part(map, "on", [&](MapReader& inner) {
    read_on(inner, role.asks.on);
    const On& on = role.asks.on;
    if (on.names_relations() || on.functions)
      map.problem("on",
                  "a role is for databases and environments; its groups' rules name the rest");
  });
  read_span(map, "at_most", role.at_most);
  read_approval(map, role);
  if (map.has("break_glass")) role.break_glass.emplace();
  map.map("break_glass", [&](MapReader& inner) {
    read_break_glass(inner, *role.break_glass);
    role.break_glass->asks.name = role.name;
  });
  if (!role.approve && !role.break_glass && !map.has("approve"))
    problems.add(map.mark(), "a role needs approve or break_glass: else nobody could have it");
  return role;
}

std::vector<std::string> read_access_review(MapReader& map) {
  std::vector<std::string> groups;
  read_groups(map, "by", "expected the groups whose people review who holds what", groups);
  return groups;
}

void check_roles(const std::vector<Role>& roles, yaml::Problems& problems) {
  std::unordered_map<std::string, int> lines;
  for (const Role& role : roles) {
    const auto [known, first] = lines.emplace(role.name, role.line);
    if (first) continue;
    YAML::Mark mark;
    mark.line = role.line - 1;
    mark.column = role.column - 1;
    problems.add(mark, fmt::format("role \"{}\": the role in line {} has the same name", role.name,
                                   known->second));
  }
}

std::set<std::string> role_keys() {
  yaml::Problems problems("");
  {
    // They tell of their keys when they are done.
    const YAML::Node role = yaml::load_document("{break_glass: {review: {}}}", problems);
    yaml::MapReader map(role, "a role", problems);
    (void)read_role(map, problems);
    const YAML::Node review = yaml::load_document("{}", problems);
    yaml::MapReader access(review, "access_review", problems);
    (void)read_access_review(access);
  }
  return problems.keys();
}

}  // namespace sluice::policy
