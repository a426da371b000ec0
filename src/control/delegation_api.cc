#include "control/delegation_api.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/units.h"
#include "control/body.h"
#include "control/caller.h"
#include "policy/time_window.h"

namespace sluice::control {
namespace {

namespace json = boost::json;

constexpr std::string_view kScope = "approvals";

HttpResponse refused(const Error& error) {
  if (error.code == ErrorCode::kAuthentication)
    return problem(401, "who asks is not known", error.text);
  return failed(error);
}

/// A time such as 2026-12-01T09:00:00Z, or how long from now: "3d".
Result<int64_t> moment(const std::string& text) {
  if (const auto span = parse_duration(text)) {
    return wall_micros() + std::chrono::duration_cast<std::chrono::microseconds>(*span).count();
  }
  return policy::parse_moment(text);
}

json::object row_of(const approval::Delegation& each) {
  return {{"number", each.number},
          {"from", each.from},
          {"to", each.to},
          {"begin", format_time(each.begin_micros)},
          {"until", format_time(each.until_micros)},
          {"reason", to_printable_utf8(each.reason)}};
}

}  // namespace

HttpResponse DelegationApi::list(const HttpRequest& request, bool local) {
  std::string reader;
  if (!local || !request.authorization.empty()) {
    const auto caller = who_asks(request, *gateway_.directory(), kScope);
    if (!caller) return refused(caller.error());
    reader = reader_for(request, *caller).user;
  }
  const auto all = desk_.delegations();
  if (!all) return failed(all.error());
  json::array out;
  for (const auto& each : *all) {
    if (reader.empty() || each.from == reader || each.to == reader) out.push_back(row_of(each));
  }
  return json_response(200, out);
}

HttpResponse DelegationApi::add(const HttpRequest& request, const std::string& user) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  approval::Delegation wanted;
  wanted.from = user;
  wanted.to = text_of(*body, "to");
  wanted.reason = text_of(*body, "reason");
  constexpr size_t kLongestReason = 500;
  if (wanted.reason.size() > kLongestReason) return problem(400, "a reason has at most 500 bytes");
  for (const auto& [name, out] :
       {std::pair{"from", &wanted.begin_micros}, std::pair{"until", &wanted.until_micros}}) {
    const std::string text = text_of(*body, name);
    if (text.empty()) continue;
    const auto when = moment(text);
    if (!when) return problem(400, std::string(name) + ": " + when.error().text);
    *out = *when;
  }
  const auto made = desk_.delegate(std::move(wanted));
  return made ? json_response(200, row_of(*made)) : failed(made.error());
}

HttpResponse DelegationApi::answer(const HttpRequest& request, std::string_view path, bool local) {
  path = path.substr(0, path.find('?'));
  if (request.method == "GET" && path == "delegations") return list(request, local);
  if (request.method != "POST") return problem(405, "only GET and POST are allowed");
  const auto caller = who_asks(request, *gateway_.directory(), kScope);
  if (!caller) return refused(caller.error());
  if (path == "delegations") return add(request, caller->user);
  path.remove_prefix(std::string_view("delegations/").size());
  const size_t slash = path.find('/');
  const auto number = number_in(path.substr(0, slash));
  if (!number || slash == std::string_view::npos || path.substr(slash) != "/end")
    return problem(404, "there is no such delegation");
  const auto ended = desk_.end_delegation(*number, caller->user);
  return ended ? json_response(200, json::object{{"ended", *number}}) : failed(ended.error());
}

}  // namespace sluice::control
