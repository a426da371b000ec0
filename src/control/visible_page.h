#pragma once

#include <algorithm>
#include <string>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "control/body.h"

namespace sluice::control {

/// The newest `wanted.limit` of a listing by numbers that the reader may see, older than
/// `wanted.before` (0: the newest of all). Those that they may not see are left out, and so that
/// nobody makes the store be read from end to end, at most `most` are looked at: where there may be
/// more, Link (RFC 8288) tells the address of the next page.
template <typename Wanted, typename List, typename MaySee, typename Show>
HttpResponse visible_page(const std::string& path, Wanted wanted, size_t most, const List& list,
                          const MaySee& may_see, const Show& show) {
  constexpr size_t kLeast = 200;
  const size_t limit = wanted.limit;
  boost::json::array out;
  for (size_t looked_at = 0;;) {
    wanted.limit = std::min(std::max(2 * limit, kLeast), most);
    const auto found = list(wanted);
    if (!found) return failed(found.error());
    for (const auto& each : *found) {
      if (out.size() == limit) break;
      wanted.before = each.number;
      ++looked_at;
      if (may_see(each)) out.push_back(show(each));
    }
    const bool all = found->size() < wanted.limit && out.size() < limit;
    if (all) return json_response(200, out);
    if (out.size() < limit && looked_at < most) continue;
    auto response = json_response(200, out);
    std::string next = path;
    if (const size_t at = next.find("before="); at != std::string::npos)
      next.erase(at, next.find('&', at) == std::string::npos ? std::string::npos
                                                             : next.find('&', at) + 1 - at);
    if (next.find('?') == std::string::npos) next += '?';
    if (next.back() != '?' && next.back() != '&') next += '&';
    // Of what came from a peer only what cannot be taken for something else.
    if (next.find_first_of("<>\"\\\r\n") == std::string::npos)
      response.headers["Link"] = fmt::format("<{}before={}>; rel=\"next\"", next, wanted.before);
    return response;
  }
}

}  // namespace sluice::control
