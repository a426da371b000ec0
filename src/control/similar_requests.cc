#include "control/similar_requests.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"

namespace sluice::control {
namespace {

namespace json = boost::json;

constexpr size_t kMostShown = 5;
constexpr size_t kLongestStatement = 200;

std::string text_in(const json::object& row, std::string_view name) {
  const auto* value = row.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

void add_actions(const json::value* facts, std::set<std::string>& out) {
  if (facts == nullptr || !facts->is_object()) return;
  const auto* actions = facts->get_object().if_contains("actions");
  if (actions == nullptr || !actions->is_array()) return;
  for (const auto& each : actions->get_array()) {
    if (!each.is_object()) continue;
    const auto object = text_in(each.get_object(), "object");
    if (!object.empty()) out.insert(text_in(each.get_object(), "do") + " " + object);
  }
}

/// "drop public.orders" for all that a statement, or each step of a change, does.
std::set<std::string> deeds_of(const approval::Request& request) {
  std::set<std::string> out;
  json::error_code error;
  const auto brief = json::parse(request.brief, error);
  if (error || !brief.is_object()) return out;
  add_actions(&brief, out);
  const auto* steps = brief.get_object().if_contains("steps");
  if (steps == nullptr || !steps->is_array()) return out;
  for (const auto& step : steps->get_array()) {
    if (step.is_object()) add_actions(step.get_object().if_contains("facts"), out);
  }
  return out;
}

}  // namespace

json::array similar_to(const approval::Request& request,
                       const std::vector<approval::Request>& others) {
  json::array out;
  const auto deeds = deeds_of(request);
  for (const auto& other : others) {
    if (out.size() == kMostShown || deeds.empty()) break;
    if (other.number == request.number || other.subject.database != request.subject.database)
      continue;
    const auto theirs = deeds_of(other);
    json::array common;
    for (const auto& deed : deeds) {
      if (theirs.contains(deed)) common.emplace_back(deed);
    }
    if (common.empty()) continue;
    out.push_back(json::object{
        {"number", other.number},
        {"state", approval::name_of(other.state)},
        {"created", format_time(other.created_micros)},
        {"requester", other.subject.requester},
        {"statement", to_printable_utf8(utf8_prefix(other.subject.statement, kLongestStatement))},
        {"in_common", std::move(common)}});
  }
  return out;
}

}  // namespace sluice::control
