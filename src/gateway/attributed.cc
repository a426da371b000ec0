#include "gateway/attributed.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "sql/comment_tags.h"

namespace sluice::gateway {
namespace {

using agents::Attribution;
using DecisionPtr = std::shared_ptr<const policy::Decision>;

constexpr std::string_view kRun = "sluice.run", kPrompt = "sluice.prompt", kCall = "sluice.call",
                           kTool = "sluice.tool", kTrace = "sluice.trace",
                           kTraceState = "sluice.trace_state";
constexpr std::string_view kRunTag = "sluice_run", kPromptTag = "sluice_prompt";
/// OpenTelemetry's name of the same, in semantic conventions for generative AI.
constexpr std::string_view kConversation = "gen_ai.conversation.id";

DecisionPtr refused(std::string message) {
  return refusal("run-and-prompt", "22023", std::move(message),
                 "Register the prompt first, in the same run: POST /api/v1/agents/prompts; see "
                 "docs/agents.md.");
}

/// One that `facts` set or reset; several are "".
std::optional<std::string_view> names_one(const sql::StatementFacts& facts) {
  std::optional<std::string_view> found;
  for (const sql::Action& action : facts.actions) {
    if (action.kind != sql::ActionKind::kSessionSetting) continue;
    for (const sql::Object& target : action.targets) {
      if (!is_attribution(target.name)) continue;
      found = found || target.reached ? std::string_view() : std::string_view(target.name);
    }
  }
  return found;
}

/// A prompt is one that this user has registered in this run; without one, any run will do.
tl::expected<Attribution, DecisionPtr> checked(Attribution said, const std::string& user,
                                               const SecretString& secret) {
  if (!said.run.empty() && !agents::is_run(said.run))
    return tl::unexpected(
        refused("the name of a run is 1 to 128 of A-Z a-z 0-9 - _ . : @ / + = ~ #"));
  for (const auto& [what, name] : {std::pair{"call", &said.call}, std::pair{"tool", &said.tool},
                                   std::pair{"trace", &said.trace}}) {
    if (!name->empty() && !agents::is_run(*name)) {
      return tl::unexpected(refused(
          fmt::format("the name of a {} is 1 to 128 of A-Z a-z 0-9 - _ . : @ / + = ~ #", what)));
    }
  }
  if (!said.trace_state.empty() && !agents::is_trace_state(said.trace_state)) {
    return tl::unexpected(
        refused("a trace state is KEY=VALUE with commas between, 512 characters at most (W3C "
                "Trace Context)"));
  }
  if (!said.prompt.empty() && said.run.empty())
    return tl::unexpected(refused("a prompt belongs to a run: say in which one this is"));
  if (!said.prompt.empty() && !agents::is_prompt_of(secret, user, said.run, said.prompt))
    return tl::unexpected(refused("this user has registered no such prompt in this run"));
  return said;
}

tl::expected<Attribution, DecisionPtr> set_by(std::string_view text, std::string_view setting,
                                              Attribution said) {
  const auto value = setting.empty() ? std::nullopt : plainly_set(text, setting);
  if (!value) {
    return tl::unexpected(
        refused("run, prompt, call, tool, trace and trace_state are set alone, and for the "
                "session: SET sluice.run = '…'"));
  }
  // What came before was in another run.
  if (setting == kRun) said = {*value, {}, {}};
  if (setting == kPrompt) said.prompt = *value;
  if (setting == kCall) said.call = *value;
  if (setting == kTool) said.tool = *value;
  // Another trace has another state.
  if (setting == kTrace) said.trace_state.clear();
  if (setting == kTrace) said.trace = *value;
  if (setting == kTraceState) said.trace_state = *value;
  return said;
}

}  // namespace

bool is_attribution(std::string_view setting) {
  return setting == kRun || setting == kPrompt || setting == kCall || setting == kTool ||
         setting == kTrace || setting == kTraceState;
}

bool speaks_of_attribution(const Statement& statement) {
  const auto& facts = statement.facts();
  const auto& tags = statement.recorded.tags;
  if (facts.resets_settings || names_one(facts)) return true;
  const auto tagged = [&](std::string_view key) { return !sql::tag_value(tags, key).empty(); };
  return !tags.empty() && (tagged(kRunTag) || tagged(kPromptTag) || tagged(kConversation));
}

tl::expected<Attribution, DecisionPtr> attribution_of(const Statement& statement,
                                                      std::string_view text,
                                                      const Attribution& session,
                                                      const std::string& user,
                                                      const SecretString& secret, bool& sets) {
  const auto& facts = statement.facts();
  Attribution said = facts.resets_settings ? Attribution() : session;
  sets = facts.resets_settings;
  if (const auto setting = names_one(facts)) {
    sets = true;
    auto set = set_by(text, *setting, std::move(said));
    return set ? checked(std::move(*set), user, secret) : set;
  }
  const auto& tags = statement.recorded.tags;
  if (tags.empty()) return said;
  std::string_view run = sql::tag_value(tags, kRunTag);
  // Others' tags may be anything.
  if (const auto conversation = sql::tag_value(tags, kConversation);
      run.empty() && agents::is_run(conversation))
    run = conversation;
  if (!run.empty() && run != said.run) said = {std::string(run), {}, {}};
  if (const auto prompt = sql::tag_value(tags, kPromptTag); !prompt.empty()) said.prompt = prompt;
  return checked(std::move(said), user, secret);
}

std::vector<std::string> tags_with(const Attribution& said, const std::vector<std::string>* tags) {
  std::vector<std::string> all = tags == nullptr ? std::vector<std::string>() : *tags;
  // What the statement says itself is nearer; a state is that of its own trace.
  const bool traced = !sql::tag_value(all, "traceparent").empty();
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty() && sql::tag_value(all, key).empty())
      all.push_back(fmt::format("{}={}", key, value));
  };
  add("traceparent", said.trace);
  if (!traced && !said.trace.empty()) add("tracestate", said.trace_state);
  add("gen_ai.tool.name", said.tool);
  return all;
}

}  // namespace sluice::gateway
