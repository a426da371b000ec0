#include "policy/cases.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/authentication.h"
#include "base/bytes.h"
#include "policy/methods.h"
#include "policy/network.h"
#include "policy/rule_reader.h"
#include "yaml/reader.h"
#include "yaml/text_lines.h"

namespace sluice::policy {
namespace {

using yaml::Item;
using yaml::MapReader;

constexpr size_t kMaxFile = 16 << 20;

void read_identity(MapReader& map, Identity& identity) {
  map.scalar("user", identity.user, true);
  map.list("groups", [&](const Item& item) {
    identity.groups.push_back(item.text);
    return "";
  });
  map.one_of("kind", {"human", "service", "agent"},
             [&](size_t i) { identity.kind = static_cast<PrincipalKind>(i); });
  const YAML::Node attributes = map.node("attributes");
  map.map("attributes", [&](MapReader& inner) {
    for (const auto& entry : attributes) {
      const auto key = entry.first.as<std::string>("");
      inner.scalar(key, identity.attributes[key]);
    }
  });
}

/// For whom it acts: `acts_for` is a person's agent's, `end_user_is` tells of one who is a user
/// too.
void read_chain(MapReader& map, Principal& principal) {
  std::vector<Identity> chain;
  const auto add = [&](bool behind_service) {
    return [&chain, behind_service](MapReader& inner) {
      read_identity(inner, chain.emplace_back());
      chain.back().behind_service = behind_service;
    };
  };
  map.map("acts_for", add(false));
  if (!chain.empty()) {
    principal.kind = PrincipalKind::kAgent;
    principal.actors = {principal.user, chain.front().user};
  }
  map.map("end_user_is", add(true));
  if (chain.empty()) return;
  if (chain.back().behind_service) {
    if (!principal.end_user.empty() && principal.end_user != chain.back().user)
      map.problem("end_user", "is not the user of end_user_is");
    principal.end_user = chain.back().user;
  }
  chain.insert(chain.begin(), principal);
  principal.chain = std::make_shared<const std::vector<Identity>>(std::move(chain));
}

void read_principal(MapReader& map, Principal& principal) {
  read_identity(map, principal);
  map.scalar("end_user", principal.end_user);
  read_chain(map, principal);
  principal.authentication = kByScram;
  if (map.scalar("authentication", principal.authentication)) {
    const std::string problem = unknown_method(principal.authentication);
    if (!problem.empty()) map.problem("authentication", problem);
  }
}

void read_circumstances(MapReader& map, PolicyCase& one) {
  map.scalar("application", one.application);
  map.scalar("purpose", one.purpose);
  if (map.scalar("client", one.client) && !parse_address(one.client)) {
    map.problem("client", fmt::format("expected an address such as 10.0.0.1 or 2001:db8::1, with "
                                      "or without a port, got \"{}\"",
                                      one.client));
  }
  map.boolean("in_transaction", one.in_transaction);
  map.boolean("run", one.run);
  map.boolean("prompt", one.prompt);
  map.boolean("tainted", one.tainted);
  if (map.has("estimated_rows")) {
    unsigned rows = 0;
    map.number("estimated_rows", rows, 0, 4'000'000'000U);
    one.estimated_rows = rows;
  } else {
    (void)map.node("estimated_rows");
  }
  map.parsed("time", one.now_micros, parse_moment);
}

PolicyCase read_case(MapReader& map) {
  PolicyCase one;
  one.line = map.mark().line + 1;
  map.scalar("name", one.name, true);
  read_principal(map, one.principal);
  map.scalar("database", one.target.database, true);
  map.scalar("environment", one.target.environment, true);
  map.scalar("sql", one.sql, true);
  read_circumstances(map, one);
  if (!map.has("expect")) map.problem("expect", "a case expects allow, hold or deny");
  map.one_of("expect", {"allow", "hold", "deny"},
             [&](size_t i) { one.expect = static_cast<Effect>(i); });
  map.scalar("rule", one.rule);
  map.map("limits", [&](MapReader& inner) { one.limits = read_limit(inner); });
  Words shadow;
  if (map.list("shadow", [&](const Item& item) {
        shadow.add(item.text);
        return "";
      }))
    one.shadow = std::move(shadow);
  return one;
}

template <typename T, typename Show>
void compare(std::string_view name, const std::optional<T>& wanted,
             const std::optional<Bound<T>>& got, Show show, std::vector<std::string>& failures) {
  if (!wanted || (got && got->most == *wanted)) return;
  failures.push_back(
      fmt::format("expected a limit of {} {}, got {}", show(*wanted), name,
                  got ? fmt::format("{} (rule {})", show(got->most), got->rule) : "none"));
}

void compare_limits(const LimitSpec& wanted, const Limits& got,
                    std::vector<std::string>& failures) {
  const auto number = [](auto value) { return fmt::format("{}", value); };
  const auto time = [](Duration value) {
    return fmt::format("{} ms", value / std::chrono::milliseconds(1));
  };
  compare("rows", wanted.rows, got.rows, number, failures);
  compare("bytes", wanted.bytes, got.bytes, number, failures);
  compare("duration", wanted.duration, got.duration, time, failures);
  compare("statements_per_minute", wanted.statements_per_minute, got.statements_per_minute, number,
          failures);
  compare("rows_changed", wanted.rows_changed, got.rows_changed, number, failures);
  compare("tables_changed", wanted.tables_changed, got.tables_changed, number, failures);
}

void compare_shadow(const Words& wanted, const Decision& decision,
                    std::vector<std::string>& failures) {
  for (const std::string& rule : wanted.texts) {
    const bool found =
        std::any_of(decision.shadow.begin(), decision.shadow.end(),
                    [&](const std::string& entry) { return entry.starts_with(rule + ": "); });
    if (!found) failures.push_back(fmt::format("expected shadow rule \"{}\" to match", rule));
  }
}

CaseResult run_case(const std::shared_ptr<const Policy>& policy, const PolicyCase& one,
                    const Understand& understand, int64_t now_micros) {
  CaseResult result;
  result.the_case = &one;
  const Understood understood = understand(one.target, one.sql);
  Circumstances now;
  now.now_micros = one.now_micros != 0 ? one.now_micros : now_micros;
  now.client_address = one.client;
  now.application = one.application;
  now.purpose = one.purpose;
  now.run = one.run || one.prompt;
  now.prompt = one.prompt;
  now.tainted = one.tainted;
  now.in_transaction = one.in_transaction;
  now.estimated_rows = one.estimated_rows;
  now.authenticated_micros = now.now_micros;
  result.decision = judge(policy, *understood.facts, understood.catalog.get(), one.principal,
                          one.target, understood.labels.get())
                        ->decide(now);
  const Decision& decision = *result.decision;
  if (decision.effect != one.expect) {
    result.failures.push_back(fmt::format(
        "expected {}, got {} by rule \"{}\"{}{}", name_of(one.expect), name_of(decision.effect),
        decision.rule, decision.message.empty() ? "" : ": ", decision.message));
  } else if (!one.rule.empty() && decision.rule != one.rule) {
    result.failures.push_back(
        fmt::format("expected rule \"{}\", got \"{}\"", one.rule, decision.rule));
  }
  compare_limits(one.limits, decision.limits, result.failures);
  if (one.shadow) compare_shadow(*one.shadow, decision, result.failures);
  return result;
}

}  // namespace

std::set<std::string> case_keys() {
  yaml::Problems problems("");
  {
    const YAML::Node one = yaml::load_document("{}", problems);
    MapReader map(one, "a case", problems);
    (void)read_case(map);
  }
  return problems.keys();
}

Result<std::vector<PolicyCase>> parse_cases(std::string_view yaml, std::string_view file_name) {
  yaml::Problems problems{std::string(file_name)};
  std::vector<PolicyCase> cases;
  if (yaml.size() > kMaxFile)
    return fail(ErrorCode::kInvalidInput, fmt::format("{}: larger than 16 MiB", file_name));
  if (const size_t line = yaml::line_that_is_no_text(yaml); line != 0)
    return fail(ErrorCode::kInvalidInput,
                fmt::format("{}:{}:1: is not UTF-8 text", file_name, line));
  try {
    const YAML::Node root = yaml::load_document(std::string(yaml), problems);
    if (!problems.any() && !root.IsMap()) {
      problems.add(root.Mark(), "expected a mapping with cases");
    } else if (!problems.any()) {
      MapReader top(root, "the file", problems);
      top.maps("cases", "a case", [&](MapReader& map) { cases.push_back(read_case(map)); });
    }
  } catch (const YAML::Exception& error) {
    problems.add(error.mark, error.msg);
  }
  if (problems.any()) return fail(ErrorCode::kInvalidInput, problems.text());
  return cases;
}

std::vector<CaseResult> run_cases(const std::shared_ptr<const Policy>& policy,
                                  const std::vector<PolicyCase>& cases,
                                  const Understand& understand, int64_t now_micros) {
  std::vector<CaseResult> results;
  results.reserve(cases.size());
  for (const PolicyCase& one : cases)
    results.push_back(run_case(policy, one, understand, now_micros));
  return results;
}

}  // namespace sluice::policy
