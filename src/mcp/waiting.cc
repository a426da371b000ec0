#include "mcp/waiting.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace sluice::mcp {
namespace json = boost::json;

namespace {

/// A tool that tells how something stands that goes on by itself.
struct Followed {
  std::string_view tool, what;
};
constexpr std::array kFollowed = {
    Followed{"approval_status", "approval {} is not decided yet"},
    Followed{"change_status", "change {} is neither decided nor over yet"},
    Followed{"access_status", "the request for access {} is not decided yet"}};
/// States of requests, changes and grants that others take them out of.
constexpr std::array<std::string_view, 3> kOpen = {"waiting", "running", "rolling_back"};

const json::value* member(const json::object& in, std::string_view name) {
  return in.if_contains(name);
}

std::string_view text_of(const json::object& in, std::string_view name) {
  const auto* value = member(in, name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

const json::object* object_of(const json::object* in, std::string_view name) {
  const auto* value = in == nullptr ? nullptr : member(*in, name);
  return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

int64_t number_of(const json::object* in, std::string_view name) {
  const auto* value = in == nullptr ? nullptr : member(*in, name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

const Followed* followed(const json::object& params) {
  const auto* found = std::ranges::find(kFollowed, text_of(params, "name"), &Followed::tool);
  return found == kFollowed.end() ? nullptr : found;
}

}  // namespace

Duration waits_for(const json::object& params, const json::object& answer) {
  if (followed(params) == nullptr) return Duration::zero();
  const auto seconds = std::chrono::seconds(std::clamp<int64_t>(
      number_of(object_of(&params, "arguments"), "wait_seconds"), 0, kLongestWait.count()));
  const auto* found = object_of(object_of(&answer, "result"), "structuredContent");
  if (found == nullptr || std::ranges::find(kOpen, text_of(*found, "state")) == kOpen.end())
    return Duration::zero();
  return seconds;
}

std::string doing(const json::object& params) {
  if (const auto* follows = followed(params)) {
    return fmt::format(fmt::runtime(follows->what),
                       number_of(object_of(&params, "arguments"), "number"));
  }
  return fmt::format("{} is running", text_of(params, "name"));
}

}  // namespace sluice::mcp
