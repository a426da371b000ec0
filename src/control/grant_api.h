#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <prometheus/metric_family.h>

#include "access/keeper.h"
#include "control/caller.h"
#include "control/http_server.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// Access in time (docs/access.md):
///
///   GET  /api/v1/grants?state=…&holder=…&limit=…    the newest first, what is to be reviewed
///   before all GET  /api/v1/grants/N POST /api/v1/grants                             {role,
///   database, seconds, reason, ticket,
///                                                break_glass}
///   POST /api/v1/grants/N/extend                    {seconds, reason, ticket}
///   POST /api/v1/grants/N/return|revoke             {comment}
///   POST /api/v1/grants/N/review                    {verdict: ok|concern, comment}
///   GET  /api/v1/access?user=…                      who holds what
///   POST /api/v1/access                             {user, what, name, decision: keep|revoke,
///   comment}
///
/// Every caller must prove who they are (caller.h); whoever may open the state folder may look at
/// all of it and revoke.
class GrantApi {
 public:
  GrantApi(gateway::Gateway& gateway, access::Keeper& keeper)
      : gateway_(gateway), keeper_(keeper) {}

  /// `local`: from the socket in the state folder. Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request, bool local);

 private:
  HttpResponse get(const HttpRequest& request, std::string_view path, const Reader& reader);
  HttpResponse list(const HttpRequest& request, std::string_view query, const Reader& reader);
  HttpResponse show(int64_t number, const Reader& reader);
  bool may_see(const access::GrantRow& grant, const Reader& reader);
  HttpResponse make(const HttpRequest& request, const Caller& caller);
  HttpResponse act(const HttpRequest& request, const Caller& caller, std::string_view path);
  HttpResponse revoke_locally(const HttpRequest& request, std::string_view path);
  HttpResponse holdings(std::string_view query, const Reader& reader);
  HttpResponse decide(const HttpRequest& request, const Caller& caller);
  Result<access::Asker> asker(const HttpRequest& request, const Caller& caller) const;
  boost::json::object row(const access::GrantRow& grant);

  gateway::Gateway& gateway_;
  access::Keeper& keeper_;
};

/// What /metrics tells of grants.
void add_grant_metrics(const access::Summary& summary, std::vector<prometheus::MetricFamily>& all);

}  // namespace sluice::control
