#pragma once

#include <string_view>

#include "approval/desk.h"
#include "control/http_server.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// Votes in the hands of others (docs/approvals.md, "Delegation"):
///
///   GET  /api/v1/approvals/delegations          one's own, given and taken; at the socket, all
///   POST /api/v1/approvals/delegations          {to, until, from, reason}, by whose vote it is
///   POST /api/v1/approvals/delegations/N/end    by one of the two
class DelegationApi {
 public:
  DelegationApi(gateway::Gateway& gateway, approval::Desk& desk) : gateway_(gateway), desk_(desk) {}

  /// `path`: behind /api/v1/approvals/. `local`: from the socket in the state folder.
  HttpResponse answer(const HttpRequest& request, std::string_view path, bool local);

 private:
  HttpResponse list(const HttpRequest& request, bool local);
  HttpResponse add(const HttpRequest& request, const std::string& user);

  gateway::Gateway& gateway_;
  approval::Desk& desk_;
};

}  // namespace sluice::control
