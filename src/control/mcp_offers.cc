#include "control/mcp_offers.h"

#include <algorithm>

#include "base/clock.h"
#include "control/body.h"
#include "control/budget_report.h"
#include "gateway/identified.h"
#include "mcp/prompts.h"
#include "policy/chain.h"
#include "policy/match.h"
#include "policy/role.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr size_t kMostCompletions = 100;

std::string named(const json::object& params, std::string_view name) {
  return text_of(params, name);
}

/// What a person can choose for an argument, as "ref" of completion/complete says of what.
bool completes_database(const json::object& params) {
  const auto* ref = params.if_contains("ref");
  const auto* argument = params.if_contains("argument");
  if (ref == nullptr || !ref->is_object() || argument == nullptr || !argument->is_object())
    return false;
  const std::string wanted = text_of(argument->get_object(), "name");
  const auto& of = ref->get_object();
  const std::string type = text_of(of, "type");
  return wanted == "database" &&
         ((type == "ref/prompt" && mcp::prompt_has(text_of(of, "name"), wanted)) ||
          (type == "ref/resource" && mcp::template_has(text_of(of, "uri"), wanted)));
}

/// Those of the rules that may decide on what one of `all` does there; who else they are about is
/// in their text, as it is in an explanation.
template <typename Entries, typename RuleOf>
json::array about(const Entries& entries, RuleOf&& rule_of,
                  const std::vector<policy::Principal>& all, const policy::Target& target) {
  json::array out;
  for (const auto& entry : entries) {
    const policy::Rule& rule = rule_of(entry);
    const bool speaks = std::any_of(all.begin(), all.end(), [&](const auto& each) {
      return policy::matches_session(rule, each, target, nullptr);
    });
    if (rule.shadow || !speaks) continue;
    out.push_back(json::object{{"name", entry.name}, {"text", entry.text}});
  }
  return out;
}

json::object error_in(const mcp::Message& message, const ToolAnswer& answer) {
  auto out = mcp::error_of(message.id, mcp::RpcError::kRefused,
                           "this cannot be read: " + json::serialize(answer.found));
  out["error"].as_object()["data"] = answer.found;
  return out;
}

}  // namespace

json::object McpOffers::capabilities() {
  // None of the lists changes by itself, and there is no way to tell of it.
  return {{"tools", json::object()},
          {"resources", json::object()},
          {"prompts", json::object()},
          {"completions", json::object()}};
}

std::vector<std::string> McpOffers::databases(const Asker& caller) {
  const auto found = tools_.call(caller, "list_databases", {}).found;
  std::vector<std::string> out;
  for (const auto& each : found.at("databases").as_array())
    out.emplace_back(each.as_object().at("name").as_string());
  return out;
}

ToolAnswer McpOffers::policy(const std::string& database, const Asker& caller) {
  const auto directory = gateway_.directory();
  const auto* user = directory->find(caller.user);
  const auto* credential = directory->credential(caller.credential);
  const auto target = gateway_.target(database);
  const auto all = databases(caller);
  if (user == nullptr || credential == nullptr || !target ||
      std::find(all.begin(), all.end(), database) == all.end()) {
    return {{{"error", "you may not connect to a database of that name"},
             {"next", "See sluice://databases."}},
            true};
  }
  const int64_t now = wall_micros();
  const auto principal =
      gateway::principal_of(*directory, *user, credential, {}, now, {target->database, now});
  const auto in_force = gateway_.policy();
  json::array budgets;
  for (const auto* budget : policy::Ledger::applying(*in_force, principal, *target)) {
    json::object most;
    for (size_t i = 0; i < policy::kAmounts; ++i) {
      if (budget->most[i]) most[policy::name_of(static_cast<policy::Amount>(i))] = *budget->most[i];
    }
    budgets.push_back(json::object{
        {"name", budget->name}, {"per", policy::name_of(budget->per)}, {"most", std::move(most)}});
  }
  const auto itself = [](const policy::Rule& rule) -> const policy::Rule& { return rule; };
  const auto asks = [](const policy::Role& role) -> const policy::Rule& { return role.asks; };
  return {{{"database", database},
           {"environment", target->environment},
           {"how", "What no rule allows is refused; deny is stronger than hold, hold than allow."},
           {"rules", about(in_force->rules(), itself, policy::everyone(principal), *target)},
           {"roles", about(in_force->roles(), asks, {principal}, *target)},
           {"budgets", std::move(budgets)}},
          false};
}

ToolAnswer McpOffers::find(const mcp::ResourceWanted& wanted, const Asker& caller) {
  using enum mcp::ResourceKind;
  switch (wanted.kind) {
    case kDatabases:
      return tools_.call(caller, "list_databases", {});
    case kSchema:
      return tools_.call(caller, "describe_schema", {{"database", wanted.database}});
    case kTable:
      return tools_.call(
          caller, "describe_schema",
          {{"database", wanted.database}, {"schema", wanted.schema}, {"table", wanted.table}});
    case kPolicy:
      return policy(wanted.database, caller);
    case kBudgets:
      return {{{"budgets", own_budgets(gateway_, caller.user, caller.credential, caller.said.run)}},
              false};
    case kHistory:
      return tools_.call(caller, "my_history", {});
  }
  return {{{"error", "there is no such resource"}}, true};
}

json::object McpOffers::read(const mcp::Message& message, const Asker& caller) {
  const std::string uri = named(message.params, "uri");
  const auto wanted = mcp::parse_resource(uri);
  if (!wanted) {
    auto out = mcp::error_of(message.id, mcp::RpcError::kResourceNotFound, wanted.error().text);
    out["error"].as_object()["data"] = json::object{{"uri", uri}};
    return out;
  }
  const auto answer = find(*wanted, caller);
  if (answer.failed) return error_in(message, answer);
  return mcp::result_of(message.id, mcp::resource_result(uri, answer.found));
}

json::object McpOffers::prompt(const mcp::Message& message) {
  json::object arguments;
  if (const auto* given = message.params.if_contains("arguments"); given != nullptr) {
    if (!given->is_object())
      return mcp::error_of(message.id, mcp::RpcError::kInvalidParams, "arguments are an object");
    arguments = given->get_object();
  }
  auto got = mcp::get_prompt(named(message.params, "name"), arguments);
  if (!got) return mcp::error_of(message.id, mcp::RpcError::kInvalidParams, got.error().text);
  return mcp::result_of(message.id, std::move(*got));
}

json::object McpOffers::complete(const mcp::Message& message, const Asker& caller) {
  json::array values;
  bool more = false;
  if (completes_database(message.params)) {
    const std::string begun = text_of(message.params.at("argument").as_object(), "value");
    for (const auto& name : databases(caller)) {
      if (!name.starts_with(begun)) continue;
      more = values.size() == kMostCompletions;
      if (more) break;
      values.emplace_back(name);
    }
  }
  return mcp::result_of(
      message.id,
      json::object{{"completion", json::object{{"values", std::move(values)}, {"hasMore", more}}}});
}

std::optional<json::object> McpOffers::answer(const mcp::Message& message, const Asker& caller) {
  const auto list = [&](std::string_view name, json::array all) {
    return mcp::result_of(message.id, json::object{{name, std::move(all)}});
  };
  if (message.method == "resources/list")
    return list("resources", mcp::list_resources(databases(caller)));
  if (message.method == "resources/templates/list")
    return list("resourceTemplates", mcp::list_templates());
  if (message.method == "resources/read") return read(message, caller);
  if (message.method == "prompts/list") return list("prompts", mcp::describe_prompts());
  if (message.method == "prompts/get") return prompt(message);
  if (message.method == "completion/complete") return complete(message, caller);
  return std::nullopt;
}

}  // namespace sluice::control
