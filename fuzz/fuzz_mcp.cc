// A message of an agent: whatever it is, it is a message or an error of JSON-RPC, and arguments of
// a tool are taken or named as wrong.
#include "input.h"
#include "mcp/protocol.h"
#include "mcp/tools.h"

using namespace sluice;

FUZZ(bytes) {
  const auto message = mcp::parse_message(bytes);
  if (!message) {
    require(message.error().at("error").at("code").to_number<int64_t>() < 0);
    return;
  }
  for (const auto& tool : mcp::tools()) {
    const auto right = mcp::check_arguments(tool, message->params);
    require(right || !right.error().text.empty());
  }
}
