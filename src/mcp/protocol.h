#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"

namespace sluice::mcp {

// The Model Context Protocol as a server speaks it: JSON-RPC 2.0 messages, one in each request
// (modelcontextprotocol.io, revision 2025-11-25, "Base Protocol" and "Transports").

/// The revisions that are spoken, the newest first.
inline constexpr std::string_view kRevisions[] = {"2025-11-25", "2025-06-18", "2025-03-26"};
/// Which of them to speak with a client that asks for `wanted`.
std::string_view revision_for(std::string_view wanted);
/// Whether `revision` (of the header MCP-Protocol-Version) is one of them.
bool is_revision(std::string_view revision);

/// JSON-RPC 2.0, section 5.1.
enum class RpcError : int16_t {
  kParse = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kResourceNotFound = -32002,  ///< of the protocol, "Resources"
  kRefused = -32010,           ///< of this server: rules do not let the caller have it
};

/// A message of a client.
struct Message {
  std::string method;          ///< empty: an answer to something, which nobody asked for
  boost::json::value id;       ///< a text or a number; null: a notification, which has no answer
  boost::json::object params;  ///< empty where there are none

  bool wants_answer() const { return !method.empty() && !id.is_null(); }
};

/// Reads one. Errors: what to answer instead, as JSON.
tl::expected<Message, boost::json::object> parse_message(std::string_view body);

boost::json::object result_of(const boost::json::value& id, boost::json::value result);
boost::json::object error_of(const boost::json::value& id, RpcError code, std::string_view why);

/// What a tool has found, for programs and, as text, for models. `failed`: it says what went wrong,
/// and what to do next.
boost::json::object tool_result(const boost::json::object& found, bool failed = false);

}  // namespace sluice::mcp
