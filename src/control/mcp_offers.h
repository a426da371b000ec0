#pragma once

#include <optional>
#include <string>

#include <boost/json.hpp>

#include "control/mcp_tools.h"
#include "gateway/gateway.h"
#include "mcp/protocol.h"
#include "mcp/resources.h"

namespace sluice::control {

/// What agents and the people who use them are offered besides tools (docs/agents.md): resources to
/// read, prompts to begin with, and names to complete both with. A resource is told of by the tool
/// that tells the same, with the same rights. Any thread.
class McpOffers {
 public:
  McpOffers(gateway::Gateway& gateway, McpTools& tools) : gateway_(gateway), tools_(tools) {}

  /// What the server says of itself when it is asked what it can do.
  static boost::json::object capabilities();
  /// Nothing: not a method of this part.
  std::optional<boost::json::object> answer(const mcp::Message& message, const Asker& caller);

 private:
  boost::json::object read(const mcp::Message& message, const Asker& caller);
  boost::json::object prompt(const mcp::Message& message);
  boost::json::object complete(const mcp::Message& message, const Asker& caller);
  ToolAnswer find(const mcp::ResourceWanted& wanted, const Asker& caller);
  ToolAnswer policy(const std::string& database, const Asker& caller);
  std::vector<std::string> databases(const Asker& caller);

  gateway::Gateway& gateway_;
  McpTools& tools_;
};

}  // namespace sluice::control
