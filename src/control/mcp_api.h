#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/bounded_cache.h"
#include "config/config.h"
#include "control/http_server.h"
#include "control/mcp_calls.h"
#include "control/mcp_offers.h"
#include "control/mcp_progress.h"
#include "control/mcp_tools.h"
#include "control/oidc_api.h"
#include "mcp/protocol.h"

namespace sluice::control {

/// The Model Context Protocol for agents (docs/agents.md), over its Streamable HTTP transport:
///
///   POST /mcp                                    one JSON-RPC message, answered with one, or with
///                                                an event stream: its progress, and its answer
///   GET  /.well-known/oauth-protected-resource   who gives tokens for it (RFC 9728)
///
/// Nothing is kept of a session of the protocol: each request proves who asks, by a credential of
/// this gateway (a token needs the scope "mcp") or a token of one of its identity providers. The
/// Mcp-Session-Id that a client is given tells its calls from others of the same credential, where
/// it cancels one.
class McpApi {
 public:
  /// `identity`: who knows tokens of identity providers; may be null.
  McpApi(gateway::Gateway& gateway, std::shared_ptr<const config::Config> config, OidcApi* identity,
         Prompts& prompts, McpTools::Ask ask, McpTools::Ask records)
      : gateway_(gateway),
        config_(std::move(config)),
        identity_(identity),
        prompts_(prompts),
        tools_(gateway, prompts, config_->listen_postgres.host, std::move(ask),
               std::move(records)) {}

  void set_config(std::shared_ptr<const config::Config> config);
  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  static constexpr size_t kPromptsKept = size_t{2} << 20;  ///< bytes
  static constexpr size_t kUsersKept = size_t{1} << 20;

  HttpResponse metadata(const HttpRequest& request);
  HttpResponse unknown(const HttpRequest& request, const std::string& why);
  HttpResponse lacking(const HttpRequest& request, const std::string& why);
  std::string challenge(const HttpRequest& request, std::string_view error);
  std::string share(const HttpRequest& request);
  Result<Asker> who_calls(const HttpRequest& request);
  using ProgressPtr = std::shared_ptr<McpProgress>;
  HttpResponse take(const HttpRequest& request, const ProgressPtr& progress);
  HttpResponse answer_to(const HttpRequest& request, const mcp::Message& message, Asker caller,
                         const ProgressPtr& progress);
  boost::json::object answer_to(const mcp::Message& message, Asker caller);
  boost::json::object call_tool(const mcp::Message& message, Asker caller);
  Result<agents::Attribution> attribution_of(const mcp::Message& message, const Asker& caller);
  std::shared_ptr<const config::Config> config();

  gateway::Gateway& gateway_;
  std::mutex mutex_;
  std::shared_ptr<const config::Config> config_;
  OidcApi* identity_;
  Prompts& prompts_;
  /// Prompts that came with a call, so that the next call with the same is for the same one.
  BoundedCache<agents::Attribution> came_{kPromptsKept};
  /// Whose the tokens of issuers are that were shown lately, by their digest.
  BoundedCache<std::string> users_{kUsersKept};
  McpCalls calls_;
  McpTools tools_;
  McpOffers offers_{gateway_, tools_};
};

}  // namespace sluice::control
