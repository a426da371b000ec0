#pragma once

#include <functional>
#include <string>

#include <boost/json.hpp>

#include "agents/attribution.h"
#include "control/http_server.h"
#include "control/prompts.h"
#include "gateway/gateway.h"
#include "mcp/connections.h"

namespace sluice::control {

/// Who calls a tool, as they have proved.
struct AgentCaller {
  std::string user;
  std::string credential;    ///< its id
  SecretString secret;       ///< that it was shown with, or that it was issued with
  std::string client;        ///< the program, as it calls itself; for the record
  agents::Attribution said;  ///< for which run and prompt this is
};

/// What a tool has found; `failed` with what went wrong and what to do next.
struct ToolAnswer {
  boost::json::object found;
  bool failed = false;
};

/// What agents can do here, each thing as the caller could over the wire or over HTTP: statements
/// run through the gateway's own listener, requests for approval, changes and access go to the same
/// API as the command line's. Any thread.
class McpTools {
 public:
  using Ask = std::function<HttpResponse(const HttpRequest&)>;

  /// `host`: of the gateway's own listener. `ask`: the API for those who prove who they are;
  /// `records`: the audit trail, for whoever may see all of it.
  McpTools(gateway::Gateway& gateway, Prompts& prompts, std::string host, Ask ask, Ask records)
      : gateway_(gateway),
        prompts_(prompts),
        host_(std::move(host)),
        ask_(std::move(ask)),
        records_(std::move(records)) {}

  /// `tool` is one of mcp::tools(), and `arguments` are what it takes.
  ToolAnswer call(const AgentCaller& caller, const std::string& tool,
                  const boost::json::object& arguments);

 private:
  ToolAnswer list_databases(const AgentCaller& caller);
  ToolAnswer describe_schema(const AgentCaller& caller, const boost::json::object& arguments);
  ToolAnswer explain(const AgentCaller& caller, const boost::json::object& arguments);
  ToolAnswer query(const AgentCaller& caller, const boost::json::object& arguments);
  ToolAnswer execute(const AgentCaller& caller, const boost::json::object& arguments);
  ToolAnswer register_prompt(const AgentCaller& caller, const boost::json::object& arguments);
  ToolAnswer history(const AgentCaller& caller, const boost::json::object& arguments);
  ToolAnswer over_http(const AgentCaller& caller, const std::string& method,
                       const std::string& path, const boost::json::object& body = {});
  Result<mcp::Answer> run(const AgentCaller& caller, const std::string& database, bool read_only,
                          const std::string& sql,
                          const std::vector<std::optional<std::string>>& parameters,
                          const mcp::Limits& limits);

  gateway::Gateway& gateway_;
  Prompts& prompts_;
  std::string host_;
  Ask ask_, records_;
  mcp::Connections connections_;
};

}  // namespace sluice::control
