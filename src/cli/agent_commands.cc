// sluice agent: what agents were asked, and what they did for it.
#include "cli/agent_commands.h"

#include <iostream>

#include <fmt/format.h>

#include "cli/call_as.h"
#include "cli/call_gateway.h"
#include "cli/elsewhere.h"
#include "cli/output.h"
#include "cli/told.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

constexpr size_t kShownText = 200;

/// As a part of a path.
std::string encoded(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) out += fmt::format("%{:02X}", c);
  return out;
}

std::string text_in(const json::object& row, const char* name) {
  const auto* value = row.if_contains(name);
  return value == nullptr ? "" : printable(plain(*value));
}

void print_statement(const json::object& statement, const char* indent) {
  std::string text = text_in(statement, "text");
  if (text.size() > kShownText) text = text.substr(0, kShownText) + "…";
  std::cout << fmt::format("{}{} {} {}: {}\n", indent, text_in(statement, "id"),
                           text_in(statement, "time"), text_in(statement, "decision"), text);
  const auto line = [&](const char* title, const char* name) {
    if (const auto what = text_in(statement, name); !what.empty())
      std::cout << fmt::format("{}  {:<9}{}\n", indent, title, what);
  };
  line("returned", "output_columns");
  line("by", "predicate_columns");
  line("wrote", "written_columns");
  line("classes", "classes");
  line("masked", "masked");
  line("rows", "rows");
  line("changed", "changed");
  line("rule", "rule");
  line("approval", "approval");
  line("message", "message");
}

/// One after the other; a tool's call stands above what was run for it.
void print_statements(const json::array& statements) {
  std::string call;
  for (const auto& each : statements) {
    const json::object& statement = each.as_object();
    const std::string of = text_in(statement, "tool_call");
    if (of != call && !of.empty()) std::cout << "    call " << of << '\n';
    call = of;
    print_statement(statement, call.empty() ? "    " : "      ");
  }
}

void print_prompt(const json::object& prompt) {
  std::cout << fmt::format("  prompt {} {} {} bytes", text_in(prompt, "prompt"),
                           text_in(prompt, "time"), text_in(prompt, "bytes"));
  for (const char* name : {"user", "acts_for", "model", "tool_call", "parent"}) {
    if (const auto what = text_in(prompt, name); !what.empty())
      std::cout << ", " << name << ' ' << what;
  }
  std::cout << '\n';
}

}  // namespace

Result<> agent_runs(const Common& common) {
  SLUICE_ASSIGN(auto rows, look(common, fmt::format("/api/v1/agents/runs?limit={}", common.limit)));
  print(std::cout,
        {{"run", "user", "acts_for", "first", "last", "prompts"}, std::move(rows.as_array())},
        common.format);
  return {};
}

Result<> agent_run(const Common& common, const AgentOptions& options) {
  SLUICE_ASSIGN(const auto found, look(common, "/api/v1/agents/runs/" + encoded(options.run)));
  if (common.format == Format::kJson) {
    std::cout << json_text(found) << '\n';
    return {};
  }
  const json::object& run = found.as_object();
  std::cout << "run " << text_in(run, "run") << '\n';
  for (const auto& each : run.at("prompts").as_array()) {
    print_prompt(each.as_object());
    print_statements(each.as_object().at("statements").as_array());
  }
  if (const auto& rest = run.at("without_prompt").as_array(); !rest.empty()) {
    std::cout << "  without a prompt\n";
    print_statements(rest);
  }
  if (run.at("truncated").as_bool())
    std::cout << "there are more: sluice audit search --run " << text_in(run, "run") << '\n';
  return {};
}

Result<> agent_prompt(const Common& common, const AgentOptions& options) {
  SLUICE_ASSIGN(const auto found,
                look(common, "/api/v1/agents/prompts/" + encoded(options.prompt)));
  if (common.format == Format::kJson) {
    std::cout << json_text(found) << '\n';
    return {};
  }
  const json::object& prompt = found.as_object();
  std::cout << "run " << text_in(prompt, "run") << '\n';
  print_prompt(prompt);
  std::cout << (prompt.contains("erased") ? "its text has been erased" : text_in(prompt, "text"))
            << '\n';
  return {};
}

Result<> agent_budgets(const Common& common) {
  SLUICE_ASSIGN(const auto found, look(common, "/api/v1/agents/budgets"));
  if (common.format == Format::kJson) {
    std::cout << json_text(found) << '\n';
    return {};
  }
  json::array rows;
  for (const auto& each : found.as_array()) {
    const json::object& state = each.as_object();
    for (const auto& amount : state.at("amounts").as_array()) {
      json::object row = amount.as_object();
      for (const char* name : {"budget", "per", "of", "renewed"}) {
        if (const auto* value = state.if_contains(name)) row[name] = *value;
      }
      rows.push_back(std::move(row));
    }
  }
  print(std::cout,
        {{"budget", "per", "of", "amount", "used", "most", "left", "renewed"}, std::move(rows)},
        common.format);
  return {};
}

Result<> agent_erase_prompt(const Common& common, const AgentOptions& options) {
  SLUICE_ASSIGN(
      [[maybe_unused]] const auto erased,
      call_gateway(common, "DELETE", "/api/v1/agents/prompts/" + percent_encoded(options.prompt),
                   json::serialize(json::object{{"reason", options.reason}})));
  const std::string text =
      fmt::format("the text of prompt {} is erased", printable(options.prompt));
  if (common.format == Format::kTable)
    std::cout << text << '\n';
  else
    told(common, {{"prompt", options.prompt}, {"erased", true}}, "");
  return {};
}

}  // namespace sluice::cli
