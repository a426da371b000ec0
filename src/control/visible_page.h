#pragma once

#include <algorithm>
#include <string>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "audit/filters.h"
#include "control/body.h"

namespace sluice::control {

/// `response` with the address of the next page (Link, RFC 8288): that of this one with `name` set
/// to `value`.
inline HttpResponse with_next(HttpResponse response, std::string path, std::string_view name,
                              const std::string& value) {
  const std::string start = std::string(name) + "=";
  size_t at = path.find('?');
  while (at != std::string::npos && path.compare(at + 1, start.size(), start) != 0)
    at = path.find('&', at + 1);
  if (at != std::string::npos) {
    const size_t end = path.find('&', at + 1);
    path.erase(at + 1, end == std::string::npos ? std::string::npos : end - at);
  }
  if (path.find('?') == std::string::npos) path += '?';
  if (path.back() != '?' && path.back() != '&') path += '&';
  // Of what came from a peer only what cannot be taken for something else.
  if (path.find_first_of("<>\"\\\r\n") == std::string::npos)
    response.headers["Link"] = fmt::format("<{}{}>; rel=\"next\"", path,
                                           audit::to_query_string({{std::string(name), value}}));
  return response;
}

/// A page of `all`, which is in the order of its listing: `limit` of those that are `behind` where
/// the page before ended and that the reader may see. `cursor`: what ends a page with one.
template <typename All, typename Behind, typename MaySee, typename Show, typename Cursor>
HttpResponse page_of(const std::string& path, const All& all, size_t limit, const Behind& behind,
                     const MaySee& may_see, const Show& show, const Cursor& cursor) {
  boost::json::array out;
  std::string last;
  for (const auto& each : all) {
    if (!behind(each) || !may_see(each)) continue;
    if (out.size() == limit) return with_next(json_response(200, out), path, "cursor", last);
    out.push_back(show(each));
    last = cursor(each);
  }
  return json_response(200, out);
}

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
    return with_next(json_response(200, out), path, "before", std::to_string(wanted.before));
  }
}

}  // namespace sluice::control
