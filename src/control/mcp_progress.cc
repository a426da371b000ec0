#include "control/mcp_progress.h"

#include <chrono>

#include <fmt/format.h>

#include "control/event_stream.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr auto kEvery = std::chrono::seconds(1);

/// A text or a whole number, of a client that takes an event stream as the answer; else null.
json::value token_of(const HttpRequest& request, const mcp::Message& message) {
  if (request.header("accept").find("text/event-stream") == std::string_view::npos) return nullptr;
  const auto* meta = message.params.if_contains("_meta");
  if (meta == nullptr || !meta->is_object()) return nullptr;
  const auto* token = meta->get_object().if_contains("progressToken");
  const bool fits =
      token != nullptr && (token->is_string() || token->is_int64() || token->is_uint64());
  return fits ? *token : json::value(nullptr);
}

}  // namespace

void McpProgress::begin(const HttpRequest& request, const mcp::Message& message, std::string what) {
  const std::lock_guard lock(mutex_);
  if (begun_ != Clock::time_point()) return;
  begun_ = told_ = Clock::now();
  token_ = token_of(request, message);
  what_ = std::move(what);
}

Duration McpProgress::elapsed() {
  const std::lock_guard lock(mutex_);
  return begun_ == Clock::time_point() ? Duration::zero() : Clock::now() - begun_;
}

std::string McpProgress::next() {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (token_.is_null() || now - told_ < kEvery) return "";
  told_ = now;
  // Seconds, which grow with each message as the protocol wants; how many it takes nobody knows.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begun_).count();
  return as_event(json::serialize(json::object{
      {"jsonrpc", "2.0"},
      {"method", "notifications/progress"},
      {"params", json::object{{"progressToken", token_},
                              {"progress", seconds},
                              {"message", fmt::format("{}: {} s so far", what_, seconds)}}}}));
}

}  // namespace sluice::control
