#include "control/own_statements.h"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/vouched.h"
#include "mcp/meta.h"

namespace sluice::control {
namespace {

/// SQLSTATE of what the gateway tells of a dry run (docs/agents.md).
constexpr std::string_view kShown = "SLDRY";

/// Says for what the statements of a connection are from now on. Fails as the gateway has answered.
mcp::Answer tell_attribution(mcp::QueryClient& client, const agents::Attribution& said,
                             const mcp::Limits& limits) {
  const std::string all = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", said.run, said.prompt, said.call,
                                      said.tool, said.trace, said.trace_state);
  if (client.told == all || (client.told.empty() && said.empty())) return {};
  // Whatever of it fails, it is all said again for the next statement.
  client.told = "?";
  for (const auto& [setting, value] :
       {std::pair{"run", &said.run}, std::pair{"prompt", &said.prompt},
        std::pair{"call", &said.call}, std::pair{"tool", &said.tool},
        std::pair{"trace", &said.trace}, std::pair{"trace_state", &said.trace_state}}) {
    // The run first, which clears the others; and nothing that would have to be quoted.
    if (value->empty() && setting != std::string_view("run")) continue;
    if (value->find_first_of("'\\") != std::string::npos) {
      mcp::Answer answer;
      answer.sqlstate = "22023";
      answer.message = fmt::format("this is no name of a {}", setting);
      return answer;
    }
    auto answer = client.run(fmt::format("SET sluice.{} = '{}'", setting, *value), {}, limits);
    if (answer.failed()) return answer;
  }
  client.told = all;
  return {};
}

/// Whether nothing is lost where the server cancels it: it changes nothing, in functions either.
bool changes_nothing(const sql::StatementFacts& facts) {
  return facts.unanalysable.empty() && only_reads(facts) && !facts.writes && !facts.dynamic_sql &&
         !facts.unresolved &&
         std::none_of(facts.functions.begin(), facts.functions.end(),
                      [](const sql::FunctionUse& use) { return use.volatility == 'v'; });
}

}  // namespace

std::string run_of_baggage(std::string_view baggage) {
  std::string run = mcp::baggage_member(baggage, "gen_ai.conversation.id");
  return agents::is_run(run) ? run : "";
}

agents::Attribution said_by_headers(const HttpRequest& request) {
  agents::Attribution said;
  said.run = run_of_baggage(request.header("baggage"));
  const auto trace = request.header("traceparent"), state = request.header("tracestate");
  if (!agents::is_run(trace)) return said;
  said.trace = trace;
  if (agents::is_trace_state(state)) said.trace_state = state;
  return said;
}

bool only_reads(const sql::StatementFacts& facts) {
  using enum sql::ActionKind;
  const bool kind = facts.kind == "SELECT" || facts.kind == "EXPLAIN" || facts.kind == "SHOW";
  return kind && facts.statements == 1 && !facts.schema_change && !facts.may_change_settings &&
         std::all_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
           return action.kind == kRead || action.kind == kReadCatalog || action.kind == kFunction ||
                  action.kind == kOther;
         });
}

std::optional<boost::json::object> told_for_show(const mcp::Answer& answer) {
  namespace json = boost::json;
  if (answer.sqlstate != kShown) return std::nullopt;
  // Its last line is for programs.
  json::error_code error;
  const auto said = json::parse(answer.detail.substr(answer.detail.rfind('\n') + 1), error);
  const auto* facts = error || !said.is_object() ? nullptr : said.get_object().if_contains("facts");
  if (facts == nullptr || !facts->is_object()) return std::nullopt;
  json::object found = facts->get_object();
  if (!answer.hint.empty()) found["next"] = answer.hint;
  if (answer.record != 0) found["record"] = answer.record;
  return found;
}

Result<mcp::Answer> OwnStatements::run(const Asker& asker, const std::string& database, May may,
                                       const std::string& sql,
                                       const std::vector<std::optional<std::string>>& parameters,
                                       const mcp::Limits& limits) {
  const mcp::Login login{
      .host = host_,
      .port = gateway_.port(),
      .user = asker.user,
      .secret = asker.secret,
      .database = database,
      .application = asker.client,
      .read_only = may == May::kRead,
      .dry_run = may == May::kShow,
      .asked_from = asker.address.empty() ? "" : gateway::vouch_for(asker.address)};
  SLUICE_ASSIGN(auto lease,
                connections_.take(fmt::format("{}\n{}\n{}\n{}\n{}", asker.credential, database,
                                              static_cast<int>(may), asker.client, asker.address),
                                  login));
  const auto understood = gateway_.understand(database, sql);
  auto answer = tell_attribution(*lease.client, asker.said, limits);
  mcp::Limits bounds = limits;
  if (!bounds.wanted.stop_possible()) bounds.wanted = asker.wanted;
  bounds.only_reads = may == May::kRead || (understood && changes_nothing(*understood->facts));
  if (!answer.failed()) answer = lease.client->run(sql, parameters, bounds);
  if (!answer.lost && understood && only_reads(*understood->facts))
    connections_.give_back(std::move(lease));
  return answer;
}

}  // namespace sluice::control
