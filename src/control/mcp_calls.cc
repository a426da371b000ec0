#include "control/mcp_calls.h"

#include <boost/json.hpp>

#include "base/hash.h"
#include "control/caller.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr size_t kLongestNotice = 4096;
constexpr size_t kLongestId = 60, kLongestSession = 32;

std::string whose(const HttpRequest& request) { return sha2(256, bearer_of(request)); }

/// Empty: it cannot be told by that.
std::string name_of(std::string_view session, const json::value& id) {
  std::string name = json::serialize(id);
  if (name.size() > kLongestId || session.size() > kLongestSession) return "";
  return std::string(session) + " " + name;
}

}  // namespace

std::unique_ptr<McpCalls::Run> McpCalls::begin(const HttpRequest& request,
                                               const mcp::Message& message) {
  const std::string session(request.header("mcp-session-id"));
  const std::string user = whose(request), name = name_of(session, message.id);
  const std::lock_guard lock(mutex_);
  auto run = running_.begin(user, name, {});
  if (!run) return std::move(*running_.begin(user, "", {}));
  const std::string key = user + name;
  if (!name.empty() && unwanted_.find(key) != nullptr) {
    unwanted_.erase(key);
    running_.stop(user, name);
  }
  return std::move(*run);
}

bool McpCalls::cancels(const HttpRequest& request) {
  if (request.body.size() > kLongestNotice ||
      request.body.find("notifications/cancelled") == std::string::npos)
    return false;
  const auto message = mcp::parse_message(request.body);
  if (!message || message->method != "notifications/cancelled" || message->wants_answer())
    return false;
  const auto* id = message->params.if_contains("requestId");
  if (id == nullptr) return false;
  const auto session = request.header("mcp-session-id");
  const std::string user = whose(request), name = name_of(session, *id);
  if (name.empty()) return false;
  const std::lock_guard lock(mutex_);
  if (running_.stop(user, name)) return true;
  // Without a session ids come again, in another process of the same agent.
  if (!session.empty()) unwanted_.insert(user + name, std::make_shared<const bool>(true), 1);
  return false;
}

}  // namespace sluice::control
