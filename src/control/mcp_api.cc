#include "control/mcp_api.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/random.h"
#include "control/api.h"
#include "control/budget_report.h"
#include "control/caller.h"
#include "control/problem.h"
#include "mcp/meta.h"
#include "mcp/tools.h"
#include "mcp/waiting.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/mcp";
constexpr std::string_view kMetadata = "/.well-known/oauth-protected-resource";
/// What a token must be allowed to do.
constexpr std::string_view kScope = "mcp";
constexpr size_t kLongestClient = 60;
constexpr size_t kSessionBytes = 16;
/// Between two looks at what is waited for.
constexpr auto kWaitLook = std::chrono::seconds(1);

/// "mcp Claude Code 1.0", as far as the client says who it is.
std::string client_of(const json::object& meta) {
  std::string name(kScope);
  for (const char* part : {"name", "version"}) {
    const auto* value = meta.if_contains(part);
    if (value != nullptr && value->is_string() && !value->get_string().empty())
      name += " " + std::string(value->get_string());
  }
  return to_printable_utf8(utf8_prefix(name, kLongestClient));
}

std::string digest_of(std::string_view token) { return sha2(256, token); }

}  // namespace

void McpApi::set_config(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

std::shared_ptr<const config::Config> McpApi::config() {
  const std::lock_guard lock(mutex_);
  return config_;
}

std::optional<HttpResponse> McpApi::answer(const HttpRequest& request) {
  std::string_view path = request.path;
  path = path.substr(0, path.find('?'));
  if (path == kMetadata || path == std::string(kMetadata) + std::string(kPath))
    return metadata(request);
  if (path != kPath) return std::nullopt;
  const auto config = this->config();
  if (from_elsewhere(request, config->identity, config->api.url))
    return problem(403, "pages of other sites may not ask this", "Origin is not this host.");
  if (request.method != "POST") {
    auto refused =
        problem(405, "only POST is allowed: there are no streams here, and sessions need no end");
    refused.headers["Allow"] = "POST";
    return refused;
  }
  if (calls_.cancels(request)) return HttpResponse{202, "application/json", ""};
  HttpResponse response;
  response.whose = share(request);
  const auto progress = std::make_shared<McpProgress>();
  response.meanwhile = [progress] { return progress->next(); };
  response.later = [this, request, progress] { return take(request, progress); };
  return response;
}

HttpResponse McpApi::metadata(const HttpRequest& request) {
  const auto config = this->config();
  json::array servers;
  for (const auto& issuer : config->identity.issuers) servers.emplace_back(issuer.issuer);
  return json_response(
      200, json::object{
               {"resource", address_of(request, config->identity.behind_tls) + std::string(kPath)},
               {"resource_name", "Sluice"},
               {"authorization_servers", std::move(servers)},
               {"bearer_methods_supported", json::array{"header"}}});
}

HttpResponse McpApi::unknown(const HttpRequest& request, const std::string& why) {
  auto refused = problem(401, "who asks is not known", why);
  refused.headers["WWW-Authenticate"] =
      challenge(request, bearer_of(request).empty() ? "" : "error=\"invalid_token\", ");
  return refused;
}

/// A scope is demanded of this gateway's own tokens alone: nobody is led to ask it of an issuer.
HttpResponse McpApi::lacking(const HttpRequest& request, const std::string& why) {
  auto refused = problem(403, "this credential may not do that", why);
  if (identity::is_credential_secret(bearer_of(request))) {
    refused.headers["WWW-Authenticate"] =
        challenge(request, fmt::format("error=\"insufficient_scope\", scope=\"{}\", ", kScope));
  }
  return refused;
}

/// What a client has to know to come back with a token that will do (RFC 6750, RFC 9728).
std::string McpApi::challenge(const HttpRequest& request, std::string_view error) {
  return fmt::format("Bearer {}resource_metadata=\"{}{}{}\"", error,
                     address_of(request, config()->identity.behind_tls), kMetadata, kPath);
}

/// A token of an issuer says whose it is once it has been verified, which takes its time.
std::string McpApi::share(const HttpRequest& request) {
  const auto known = digest_of(bearer_of(request));
  {
    const std::lock_guard lock(mutex_);
    if (const auto user = users_.find(known)) return share_of_user(*user);
  }
  return share_of(request, *gateway_.directory());
}

Result<Asker> McpApi::who_calls(const HttpRequest& request) {
  SecretString shown(std::string(bearer_of(request)));
  HttpRequest asks = request;
  if (!shown.empty() && !identity::is_credential_secret(shown.reveal()) && identity_ != nullptr) {
    SLUICE_ASSIGN(auto issued, identity_->bearer(shown, request.peer));
    asks.authorization = "Bearer " + std::string(issued.secret.reveal());
    const std::string token = digest_of(shown.reveal());
    shown = std::move(issued.secret);
    SLUICE_ASSIGN(const auto caller, who_asks(asks, *gateway_.directory(), kScope));
    const std::lock_guard lock(mutex_);
    users_.insert(token, std::make_shared<const std::string>(caller.user), caller.user.size());
  }
  SLUICE_ASSIGN(const auto caller, who_asks(asks, *gateway_.directory(), kScope));
  return Asker{caller.user, caller.credential, std::move(shown), {}, {}, request.peer};
}

HttpResponse McpApi::take(const HttpRequest& request, const ProgressPtr& progress) {
  auto caller = who_calls(request);
  if (!caller) {
    switch (caller.error().code) {
      case ErrorCode::kDenied:
        return lacking(request, caller.error().text);
      case ErrorCode::kAuthentication:
        return unknown(request, caller.error().text);
      default:
        return problem(503, "who asks cannot be found out now", caller.error().text);
    }
  }
  if (const auto revision = request.header("mcp-protocol-version");
      !revision.empty() && !mcp::is_revision(revision)) {
    return problem(400, "this revision of the protocol is not spoken here",
                   fmt::format("MCP-Protocol-Version: {}", fmt::join(mcp::kRevisions, " or ")));
  }
  const auto message = mcp::parse_message(request.body);
  if (!message) return json_response(400, message.error());
  if (!message->wants_answer()) return {202, "application/json", ""};
  caller->client = client_of({{"name", request.header("user-agent")}});
  caller->said = said_by_headers(request);
  return answer_to(request, *message, std::move(*caller), progress);
}

HttpResponse McpApi::answer_to(const HttpRequest& request, const mcp::Message& message,
                               Asker caller, const ProgressPtr& progress) {
  std::unique_ptr<McpCalls::Run> call;
  std::stop_token wanted;
  if (message.method == "tools/call") {
    call = calls_.begin(request, message);
    wanted = caller.wanted = call->wanted();
    progress->begin(request, message, mcp::doing(message.params));
  }
  auto answer = answer_to(message, std::move(caller));
  if (!wanted.stop_requested() && progress->elapsed() < mcp::waits_for(message.params, answer)) {
    // Who asks is looked at anew each time, and whether they still want to know.
    HttpResponse response;
    response.pause = kWaitLook;
    response.later = [this, request, progress] { return take(request, progress); };
    return response;
  }
  auto response = json_response(200, answer);
  if (message.method == "initialize")
    response.headers["Mcp-Session-Id"] = to_hex(random_string(kSessionBytes));
  return response;
}

json::object McpApi::answer_to(const mcp::Message& message, Asker caller) {
  if (message.method == "initialize") {
    const auto* wanted = message.params.if_contains("protocolVersion");
    const auto revision = mcp::revision_for(
        wanted != nullptr && wanted->is_string() ? std::string_view(wanted->get_string()) : "");
    return mcp::result_of(
        message.id,
        json::object{{"protocolVersion", revision},
                     {"capabilities", McpOffers::capabilities()},
                     {"serverInfo",
                      json::object{{"name", "sluice"}, {"title", "Sluice"}, {"version", kVersion}}},
                     {"instructions", mcp::instructions()}});
  }
  if (message.method == "ping") return mcp::result_of(message.id, json::object());
  if (message.method == "tools/list")
    return mcp::result_of(message.id, json::object{{"tools", mcp::describe_tools()}});
  if (message.method == "tools/call") return call_tool(message, std::move(caller));
  if (message.method == "resources/read") {
    auto said = attribution_of(message, caller);
    if (!said)
      return mcp::error_of(message.id, mcp::RpcError::kInvalidParams,
                           "_meta: " + said.error().text);
    caller.said = std::move(*said);
  }
  if (auto answer = offers_.answer(message, caller)) return std::move(*answer);
  return mcp::error_of(message.id, mcp::RpcError::kMethodNotFound,
                       "there is no method " + message.method);
}

/// For which run and prompt a call is. A prompt whose text comes with it is registered.
Result<agents::Attribution> McpApi::attribution_of(const mcp::Message& message,
                                                   const Asker& caller) {
  auto meta = mcp::meta_of(message.params);
  if (meta.run.empty()) meta.run = run_of_baggage(meta.baggage);
  if (meta.run.empty()) meta.run = caller.said.run;
  agents::Attribution said{meta.run, meta.prompt_id,    meta.call,
                           {},       caller.said.trace, caller.said.trace_state};
  if (agents::is_run(meta.trace)) {
    said.trace = meta.trace;
    said.trace_state = agents::is_trace_state(meta.trace_state) ? meta.trace_state : "";
  }
  if (meta.prompt.empty()) return said;
  const auto in = [&](const std::string& run, const std::string& prompt) {
    said.run = run;
    said.prompt = prompt;
    return said;
  };
  const auto digest = sha256(meta.prompt);
  const std::string key = fmt::format("{}\n{}\n{}\n{}\n{}", caller.credential, meta.run, meta.model,
                                      meta.parent, std::string_view(digest.data(), digest.size()));
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = came_.find(key)) return in(known->run, known->prompt);
  }
  SLUICE_ASSIGN(const auto kept,
                prompts_.keep(caller.user, caller.credential,
                              {meta.prompt, meta.run, meta.model, {}, meta.parent}));
  const std::lock_guard lock(mutex_);
  came_.insert(
      key, std::make_shared<const agents::Attribution>(agents::Attribution{kept.run, kept.id, {}}),
      kept.run.size() + kept.id.size());
  return in(kept.run, kept.id);
}

json::object McpApi::call_tool(const mcp::Message& message, Asker caller) {
  const auto* name = message.params.if_contains("name");
  const auto* tool = name != nullptr && name->is_string()
                         ? mcp::find_tool(std::string_view(name->get_string()))
                         : nullptr;
  if (tool == nullptr) {
    return mcp::error_of(message.id, mcp::RpcError::kInvalidParams,
                         "there is no tool of that name; see tools/list");
  }
  json::object arguments;
  if (const auto* given = message.params.if_contains("arguments"); given != nullptr) {
    if (!given->is_object())
      return mcp::error_of(message.id, mcp::RpcError::kInvalidParams, "arguments are an object");
    arguments = given->get_object();
  }
  // For the model to mend: told as the tool's own answer.
  if (const auto right = mcp::check_arguments(*tool, arguments); !right)
    return mcp::result_of(message.id, mcp::tool_result({{"error", right.error().text}}, true));
  auto said = attribution_of(message, caller);
  if (!said) {
    return mcp::result_of(message.id,
                          mcp::tool_result({{"error", "_meta: " + said.error().text}}, true));
  }
  caller.said = std::move(*said);
  if (!caller.said.empty()) caller.said.tool = tool->name;
  auto answer = tools_.call(caller, std::string(tool->name), arguments);
  // Told in time, so that a model can make do with what is left.
  if (auto low = low_budgets(gateway_, caller.user, caller.credential, caller.said.run);
      !low.empty())
    answer.found["budgets_nearly_spent"] = std::move(low);
  auto result = mcp::tool_result(answer.found, answer.failed);
  if (!caller.said.run.empty()) {
    json::object meta{{"sluice/run", caller.said.run}};
    if (!caller.said.prompt.empty()) meta["sluice/prompt_id"] = caller.said.prompt;
    result["_meta"] = std::move(meta);
  }
  return mcp::result_of(message.id, std::move(result));
}

}  // namespace sluice::control
