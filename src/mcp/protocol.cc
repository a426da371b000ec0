#include "mcp/protocol.h"

#include <algorithm>
#include <iterator>

namespace sluice::mcp {
namespace json = boost::json;

namespace {

/// Deeper than this no client's message is.
constexpr size_t kMostDepth = 32;

tl::unexpected<json::object> bad(RpcError code, std::string_view why) {
  return tl::unexpected(error_of(nullptr, code, why));
}

}  // namespace

bool is_revision(std::string_view revision) {
  return std::find(std::begin(kRevisions), std::end(kRevisions), revision) != std::end(kRevisions);
}

std::string_view revision_for(std::string_view wanted) {
  const auto found = std::find(std::begin(kRevisions), std::end(kRevisions), wanted);
  return found == std::end(kRevisions) ? kRevisions[0] : *found;
}

tl::expected<Message, json::object> parse_message(std::string_view body) {
  json::parse_options options;
  options.max_depth = kMostDepth;
  json::error_code error;
  auto value = json::parse(body, error, {}, options);
  if (error) return bad(RpcError::kParse, "the body is not JSON");
  if (!value.is_object())
    return bad(RpcError::kInvalidRequest, "expected one JSON-RPC message; there are no batches");
  auto& object = value.get_object();
  const auto* version = object.if_contains("jsonrpc");
  if (version == nullptr || *version != "2.0")
    return bad(RpcError::kInvalidRequest, "expected \"jsonrpc\": \"2.0\"");
  Message message;
  if (const auto* id = object.if_contains("id")) {
    if (!id->is_string() && !id->is_int64() && !id->is_uint64())
      return bad(RpcError::kInvalidRequest, "an id is a text or a whole number");
    message.id = *id;
  }
  if (const auto* method = object.if_contains("method")) {
    if (!method->is_string() || method->get_string().empty())
      return bad(RpcError::kInvalidRequest, "a method is a text");
    message.method = method->get_string();
  } else if (!object.contains("result") && !object.contains("error")) {
    return bad(RpcError::kInvalidRequest, "expected a method");
  }
  if (auto* params = object.if_contains("params")) {
    if (!params->is_object()) return bad(RpcError::kInvalidRequest, "params are an object");
    message.params = std::move(params->get_object());
  }
  return message;
}

json::object result_of(const json::value& id, json::value result) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
}

json::object error_of(const json::value& id, RpcError code, std::string_view why) {
  return {{"jsonrpc", "2.0"},
          {"id", id},
          {"error", json::object{{"code", static_cast<int>(code)}, {"message", why}}}};
}

json::object tool_result(const json::object& found, bool failed) {
  json::object out{
      {"content", json::array{json::object{{"type", "text"}, {"text", json::serialize(found)}}}},
      {"structuredContent", found},
      {"isError", failed}};
  return out;
}

}  // namespace sluice::mcp
