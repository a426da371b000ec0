#pragma once

#include <functional>
#include <string>

#include <boost/json.hpp>

#include "agents/attribution.h"
#include "control/http_server.h"
#include "control/own_statements.h"
#include "control/prompts.h"
#include "gateway/gateway.h"

namespace sluice::control {

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
        statements_(gateway, std::move(host)),
        ask_(std::move(ask)),
        records_(std::move(records)) {}

  /// `tool` is one of mcp::tools(), and `arguments` are what it takes.
  ToolAnswer call(const Asker& caller, const std::string& tool,
                  const boost::json::object& arguments);

 private:
  ToolAnswer list_databases(const Asker& caller);
  ToolAnswer describe_schema(const Asker& caller, const boost::json::object& arguments);
  ToolAnswer explain(const Asker& caller, const boost::json::object& arguments);
  ToolAnswer query(const Asker& caller, const boost::json::object& arguments);
  ToolAnswer dry_run(const Asker& caller, const boost::json::object& arguments);
  ToolAnswer execute(const Asker& caller, const boost::json::object& arguments);
  ToolAnswer register_prompt(const Asker& caller, const boost::json::object& arguments);
  ToolAnswer history(const Asker& caller, const boost::json::object& arguments);
  ToolAnswer by_the_api(const Asker& caller, const std::string& tool,
                        const boost::json::object& arguments);
  ToolAnswer over_http(const Asker& caller, const std::string& method, const std::string& path,
                       const boost::json::object& body = {});

  gateway::Gateway& gateway_;
  Prompts& prompts_;
  OwnStatements statements_;
  Ask ask_, records_;
};

}  // namespace sluice::control
