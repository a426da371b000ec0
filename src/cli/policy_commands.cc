// sluice policy: rules and what they do.
#include <iostream>

#include <fmt/format.h>

#include "base/clock.h"
#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "gateway/big_stack_thread.h"
#include "policy/cases.h"
#include "policy/diff.h"
#include "sql/analyse.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

using PolicyPtr = std::shared_ptr<const policy::Policy>;

/// Adds the text of a policy to a question, under `name` and `name_file`.
Result<> add_policy(json::object& question, const std::string& file, const std::string& name,
                    const std::string& file_name) {
  if (file.empty()) return {};
  SLUICE_ASSIGN(const auto policy, load_policy_named(file));
  question[name] = policy->text();
  question[file_name] = policy->name();
  return {};
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? std::string() : plain(*value);
}

void print_decision(const json::object& decision) {
  std::cout << fmt::format("{} by rule {} (policy {})\n", text_of(decision, "effect"),
                           text_of(decision, "rule"), text_of(decision, "policy"));
  if (const auto* limits = decision.if_contains("limits")) {
    for (const auto& [name, bound] : limits->get_object()) {
      std::cout << fmt::format("  limit {}: {} (rule {})\n", std::string_view(name),
                               plain(bound.at("most")), plain(bound.at("rule")));
    }
  }
  for (const char* name : {"message", "hint"}) {
    const std::string text = text_of(decision, name);
    if (!text.empty()) std::cout << fmt::format("  {}: {}\n", name, printable(text));
  }
}

void print_facts(const json::object& facts) {
  std::cout << fmt::format("\n{}\n", text_of(facts, "kind"));
  const std::string problem = text_of(facts, "not_understood");
  if (!problem.empty()) std::cout << fmt::format("  not understood: {}\n", printable(problem));
  for (const auto& action : facts.at("actions").as_array()) {
    std::string objects;
    for (const auto& object : action.at("objects").as_array()) {
      objects += (objects.empty() ? "" : ", ") + text_of(object.get_object(), "name");
      if (object.get_object().contains("reached")) objects += " (reached)";
      if (object.get_object().contains("unknown")) objects += " (not in the catalog)";
    }
    std::cout << fmt::format(
        "  {} {}{}\n", text_of(action.get_object(), "do"), printable(objects),
        action.get_object().contains("without_where") ? ", without a limiting WHERE" : "");
  }
  for (const auto& column : facts.at("columns").as_array()) {
    std::cout << fmt::format("  column {}: {}\n", printable(text_of(column.get_object(), "column")),
                             text_of(column.get_object(), "used_in"));
  }
  for (const auto& function : facts.at("functions").as_array()) {
    std::cout << fmt::format("  function {} {}\n",
                             printable(text_of(function.get_object(), "name")),
                             text_of(function.get_object(), "risk"));
  }
}

/// "email: masked (email, pseudonym, rule default)", of a column that is returned.
std::string shown_how(const json::object& column) {
  if (!column.at("masked").get_bool()) {
    const std::string rule = text_of(column, "rule");
    return rule.empty() ? "shown"
                        : fmt::format("shown ({}, rule {})", text_of(column, "class"), rule);
  }
  const std::string cls = text_of(column, "class");
  return fmt::format("masked ({}{}, rule {})", cls.empty() ? "" : cls + ", ",
                     text_of(column, "method"), text_of(column, "rule"));
}

void print_masking(const json::object& masking) {
  std::cout << "\nmasking\n";
  if (const auto* refused = masking.if_contains("refused")) {
    std::cout << fmt::format("  refused (masked-columns): {}\n",
                             printable(text_of(refused->get_object(), "message")));
  }
  for (const auto& column : masking.at("columns").as_array()) {
    const auto& object = column.get_object();
    const std::string from = text_of(object, "from");
    std::cout << fmt::format("  {}{}: {}\n", printable(text_of(object, "column")),
                             from.empty() ? "" : " from " + printable(from), shown_how(object));
  }
  if (masking.contains("other_columns_masked")) std::cout << "  columns not told here: masked\n";
  for (const auto& column : masking.at("conditions").as_array()) {
    const auto& object = column.get_object();
    const bool none = text_of(object, "may") == "none";
    std::cout << fmt::format("  in conditions {}: {} (rule {})\n",
                             printable(text_of(object, "column")),
                             none ? "refused" : "compared with = only", text_of(object, "rule"));
    if (object.contains("refused"))
      std::cout << fmt::format("      {}\n", printable(text_of(object, "refused")));
  }
  if (const auto* tables = masking.if_contains("not_classified")) {
    for (const auto& table : tables->as_array())
      std::cout << fmt::format("  {}: not classified yet, so masked\n", printable(plain(table)));
  }
}

void print_estimate(const json::object& estimate) {
  const std::string why = text_of(estimate, "why_not");
  std::cout << (why.empty()
                    ? fmt::format("  the planner expects {} rows\n", text_of(estimate, "rows"))
                    : fmt::format("  the planner was not asked how many rows, so the worst "
                                  "counts: {}\n",
                                  printable(why)));
}

void print_rules(const json::array& rules) {
  std::cout << "\nrules\n";
  for (const auto& rule : rules) {
    const auto& object = rule.get_object();
    std::cout << fmt::format("  {} {} ({}{})\n", rule.at("matched").get_bool() ? "+" : "-",
                             text_of(object, "rule"), text_of(object, "effect"),
                             object.contains("shadow") ? ", shadow" : "");
    for (const auto& why : rule.at("why").as_array()) {
      std::cout << "      " << printable(plain(why)) << '\n';
    }
  }
}

/// The cases judged here, without a gateway: names stay as written.
json::array test_alone(const PolicyPtr& policy, const std::vector<policy::PolicyCase>& cases) {
  json::array results;
  const gateway::BigStackThread thread(sql::kAnalyserStackBytes, "test", [&] {
    const policy::Understand understand = [](const policy::Target&, std::string_view text) {
      return policy::Understood{sql::analyse(text, {}), nullptr};
    };
    for (const auto& result : policy::run_cases(policy, cases, understand, wall_micros())) {
      json::array failures;
      for (const auto& failure : result.failures) failures.emplace_back(failure);
      results.push_back(json::object{{"name", result.the_case->name},
                                     {"line", result.the_case->line},
                                     {"passed", result.passed()},
                                     {"effect", policy::name_of(result.decision->effect)},
                                     {"rule", result.decision->rule},
                                     {"failures", std::move(failures)}});
    }
  });
  return results;
}

/// "rows_changed 50 > 5", of a change that a limit makes.
std::string why_limited(const json::object& change) {
  if (!change.contains("limit")) return {};
  const std::string got = text_of(change, "got");
  return fmt::format("{} {} > {}", text_of(change, "limit"), got.empty() ? "?" : got,
                     text_of(change, "most"));
}

void print_report(const json::object& report, const Common& common) {
  if (common.format == Format::kJson) {
    std::cout << json_text(report) << '\n';
    return;
  }
  json::array changes = report.at("changes").as_array();
  for (auto& change : changes) {
    auto& object = change.get_object();
    object["passes"] = why_limited(object);
  }
  print(std::cout,
        Listing{{"user", "statements", "was", "would_be", "old_rule", "new_rule", "passes",
                 "first_record", "example"},
                changes},
        common.format);
  if (common.format != Format::kTable) return;
  std::cout << fmt::format(
      "{} statements: {} unchanged, {} newly refused, {} newly limited, {} newly allowed, {} not "
      "judged\n",
      text_of(report, "statements"), text_of(report, "unchanged"), text_of(report, "newly_refused"),
      text_of(report, "newly_limited"), text_of(report, "newly_allowed"),
      text_of(report, "not_judged"));
  const auto* truncated = report.if_contains("truncated");
  if (truncated != nullptr && truncated->is_bool() && truncated->get_bool())
    std::cout << "only the newest were judged, and there are older ones: choose with --until\n";
  for (const auto& some : report.at("not_judged_why").as_array()) {
    std::cout << fmt::format("not judged: {}, {}\n", text_of(some.get_object(), "statements"),
                             text_of(some.get_object(), "why"));
  }
  if (const std::string refused = text_of(report, "by_gateway"); refused != "0") {
    std::cout << fmt::format(
        "unchanged: {} that the gateway itself refuses, whatever the policy says\n", refused);
  }
}

Result<json::object> since_question(const PolicyOptions& options) {
  json::object question{{"user", options.user}, {"database", options.database}};
  SLUICE_ASSIGN(question["since"], parse_time(options.since));
  SLUICE_ASSIGN(question["until"], parse_time(options.until));
  if (options.limit > 0) question["limit"] = options.limit;
  return question;
}

std::string_view word_of(policy::RuleChange::What what) {
  switch (what) {
    case policy::RuleChange::What::kAdded:
      return "added";
    case policy::RuleChange::What::kRemoved:
      return "removed";
    case policy::RuleChange::What::kChanged:
      break;
  }
  return "changed";
}

}  // namespace

Result<PolicyPtr> load_policy_named(const std::string& file) {
  if (auto profile = policy::Policy::profile(file)) return std::move(*profile);
  SLUICE_ASSIGN(const auto text, read_input(file));
  return policy::Policy::parse(text, file);
}

Result<> policy_show(const Common& common, const PolicyOptions& options) {
  const std::string path = options.number == 0
                               ? "/api/v1/policy"
                               : fmt::format("/api/v1/policy/versions/{}", options.number);
  SLUICE_ASSIGN(const auto value, call_gateway(common, "GET", path));
  if (common.format == Format::kJson) {
    std::cout << json_text(value) << '\n';
  } else {
    const auto& policy = value.as_object();
    std::cout << fmt::format("# {}, version {}\n", text_of(policy, "name"),
                             text_of(policy, "version"));
    if (options.number != 0) {
      std::cout << fmt::format("# saved {} by {}: {}\n", text_of(policy, "time"),
                               printable(text_of(policy, "author")),
                               printable(text_of(policy, "comment")));
    }
    std::cout << text_of(policy, "text");
  }
  return {};
}

Result<> policy_check(const Common& common, const PolicyOptions& options) {
  SLUICE_ASSIGN(const auto policy, load_policy_named(options.file));
  if (common.format == Format::kJson) {
    std::cout << json::serialize(json::object{{"ok", true},
                                              {"rules", policy->rules().size()},
                                              {"version", policy->version()}})
              << '\n';
  } else {
    std::cout << fmt::format("{}: good, {} rule(s), version {}\n", options.file,
                             policy->rules().size(), policy->version());
  }
  return {};
}

Result<> policy_explain(const Common& common, const PolicyOptions& options) {
  json::object question{
      {"user", options.user}, {"database", options.database}, {"sql", options.sql}};
  if (!options.acts_for.empty()) question["acts_for"] = options.acts_for;
  if (!options.end_user.empty()) question["end_user"] = options.end_user;
  SLUICE_TRY(add_policy(question, options.policy, "policy", "file"));
  SLUICE_ASSIGN(const auto value,
                call_gateway(common, "POST", "/api/v1/policy/explain", json::serialize(question)));
  if (common.format == Format::kJson) {
    std::cout << json_text(value) << '\n';
    return {};
  }
  print_decision(value.at("decision").as_object());
  const auto& told = value.as_object();
  if (const auto* estimate = told.if_contains("estimate")) print_estimate(estimate->get_object());
  print_facts(value.at("facts").as_object());
  if (const auto* masking = told.if_contains("masking")) print_masking(masking->get_object());
  print_rules(value.at("rules").as_array());
  return {};
}

/// What to do where there is no gateway to ask, as in CI.
Error or_offline(Error error) {
  if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kUnavailable) {
    error.text += "; --offline tests without a gateway, by names as they are written";
  }
  return error;
}

Result<> policy_test(const Common& common, const PolicyOptions& options) {
  SLUICE_ASSIGN(const auto text, read_input(options.file));
  SLUICE_ASSIGN(const auto cases, policy::parse_cases(text, options.file));
  json::array results;
  if (options.offline) {
    SLUICE_ASSIGN(const auto policy,
                  load_policy_named(options.policy.empty() ? "standard" : options.policy));
    results = test_alone(policy, cases);
  } else {
    json::object question{{"cases", text}, {"cases_file", options.file}};
    SLUICE_TRY(add_policy(question, options.policy, "policy", "file"));
    auto value = call_gateway(common, "POST", "/api/v1/policy/test", json::serialize(question));
    if (!value) return fail(or_offline(std::move(value.error())));
    results = std::move(value->as_array());
  }
  const auto failed = std::count_if(results.begin(), results.end(), [](const auto& result) {
    return !result.at("passed").get_bool();
  });
  const auto count = results.size();
  print(std::cout, Listing{{"line", "passed", "name", "effect", "rule", "failures"}, results},
        common.format);
  std::cout.flush();
  if (failed == 0) return {};
  return fail(ErrorCode::kDenied, fmt::format("{} of {} case(s) failed", failed, count));
}

Result<> policy_replay(const Common& common, const PolicyOptions& options) {
  SLUICE_ASSIGN(auto question, since_question(options));
  SLUICE_TRY(add_policy(question, options.policy, "policy", "file"));
  SLUICE_ASSIGN(const auto report,
                call_gateway(common, "POST", "/api/v1/policy/replay", json::serialize(question)));
  print_report(report.as_object(), common);
  return {};
}

Result<> policy_shadow(const Common& common, const PolicyOptions& options) {
  PolicyOptions asked = options;
  if (asked.since.empty()) asked.since = "7d";
  SLUICE_ASSIGN(const auto question, since_question(asked));
  SLUICE_ASSIGN(const auto report,
                call_gateway(common, "POST", "/api/v1/policy/shadow", json::serialize(question)));
  if (common.format == Format::kJson) {
    std::cout << json_text(report) << '\n';
    return {};
  }
  json::array rules = report.at("rules").as_array();
  for (auto& rule : rules) {
    auto& object = rule.as_object();
    const auto& sample = object.at("samples").as_array();
    object["who"] = text_of(object.at("by_user").at(0).as_object(), "user");
    object["record"] = sample.empty() ? json::value() : sample[0].at("record");
    object["example"] = sample.empty() ? json::value("") : sample[0].at("text");
  }
  print(std::cout,
        Listing{{"rule", "effect", "statements", "would_be_stopped", "texts", "users", "who",
                 "last", "record", "example"},
                rules},
        common.format);
  if (common.format != Format::kTable) return {};
  std::cout << fmt::format("{} statements looked at{}\n", plain(report.at("statements")),
                           report.at("complete").as_bool() ? "" : ", the newest of more");
  return {};
}

Result<> policy_diff(const Common& common, const PolicyOptions& options) {
  SLUICE_ASSIGN(const auto old_policy, load_policy_named(options.file));
  SLUICE_ASSIGN(const auto new_policy, load_policy_named(options.policy));
  const auto diff = policy::diff(*old_policy, *new_policy);
  Listing listing{{"rule", "what", "old_line", "new_line", "old", "new"}, {}};
  for (const auto& change : diff.rules) {
    listing.rows.push_back(json::object{{"rule", change.rule},
                                        {"what", word_of(change.what)},
                                        {"old_line", change.old_line},
                                        {"new_line", change.new_line},
                                        {"old", change.old_text},
                                        {"new", change.new_text}});
  }
  if (options.since.empty()) {
    print(std::cout, listing, common.format);
    if (diff.reordered && common.format == Format::kTable) {
      std::cout << "the order of the rules differs\n";
    }
    return {};
  }
  SLUICE_ASSIGN(auto question, since_question(options));
  SLUICE_TRY(add_policy(question, options.file, "old", "old_file"));
  SLUICE_TRY(add_policy(question, options.policy, "policy", "file"));
  SLUICE_ASSIGN(const auto report,
                call_gateway(common, "POST", "/api/v1/policy/replay", json::serialize(question)));
  if (common.format == Format::kJson) {
    std::cout << json_text(json::object{{"rules", listing.rows}, {"effect", report}}) << '\n';
    return {};
  }
  print(std::cout, listing, common.format);
  print_report(report.as_object(), common);
  return {};
}

}  // namespace sluice::cli
