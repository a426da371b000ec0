#include "control/similar_requests.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

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

/// What is done to some object, and in which database: {"orders", "drop public.orders"}.
using Deeds = std::set<std::pair<std::string, std::string>>;

void add_actions(const json::value* facts, const std::string& database, Deeds& out) {
  if (facts == nullptr || !facts->is_object()) return;
  const auto* actions = facts->get_object().if_contains("actions");
  if (actions == nullptr || !actions->is_array()) return;
  for (const auto& each : actions->get_array()) {
    if (!each.is_object()) continue;
    const auto object = text_in(each.get_object(), "object");
    if (!object.empty()) out.emplace(database, text_in(each.get_object(), "do") + " " + object);
  }
}

/// All that a statement does, or each step of a change on each of its databases.
Deeds deeds_of(const approval::Request& request) {
  Deeds out;
  json::error_code error;
  const auto brief = json::parse(request.brief, error);
  if (error || !brief.is_object()) return out;
  add_actions(&brief, request.subject.database, out);
  const auto* steps = brief.get_object().if_contains("steps");
  if (steps == nullptr || !steps->is_array()) return out;
  for (const auto& each : steps->get_array()) {
    if (!each.is_object()) continue;
    const json::object& step = each.get_object();
    add_actions(step.if_contains("facts"), text_in(step, "database"), out);
  }
  return out;
}

/// What both do, wherever it is in common: each deed once.
json::array common_to(const Deeds& ours, const Deeds& theirs) {
  std::set<std::string> both;
  for (const auto& deed : ours) {
    if (theirs.contains(deed)) both.insert(deed.second);
  }
  return json::array(both.begin(), both.end());
}

}  // namespace

json::array similar_to(const approval::Request& request,
                       const std::vector<approval::Request>& others) {
  json::array out;
  const auto deeds = deeds_of(request);
  for (const auto& other : others) {
    if (out.size() == kMostShown || deeds.empty()) break;
    if (other.number == request.number) continue;
    auto common = common_to(deeds, deeds_of(other));
    if (common.empty()) continue;
    out.push_back(json::object{
        {"number", other.number},
        {"state", approval::name_of(other.state)},
        {"created", format_time(other.created_micros)},
        {"requester", other.subject.requester},
        {"database", other.subject.database},
        {"statement", to_printable_utf8(utf8_prefix(other.subject.statement, kLongestStatement))},
        {"in_common", std::move(common)}});
  }
  return out;
}

}  // namespace sluice::control
