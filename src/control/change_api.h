#pragma once

#include <optional>

#include <boost/json.hpp>

#include "approval/desk.h"
#include "change/changes.h"
#include "control/caller.h"
#include "control/http_server.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// Scripts that run on several databases, once they are approved (docs/approvals.md):
///
///   POST /api/v1/changes                 {title, reason, ticket, targets, script, rollback,
///                                    lock_timeout, statement_timeout}: submits one
///   GET  /api/v1/changes?state=…&requester=…&limit=…   the newest first
///   GET  /api/v1/changes/N               one, with its scripts and what has been run
///   POST /api/v1/changes/N/run|rollback|cancel         by who submitted it
///
/// Every caller must prove who they are (caller.h), and sees what they submitted or are asked to
/// decide on; whoever may open the state folder may look at all of it.
class ChangeApi {
 public:
  ChangeApi(gateway::Gateway& gateway, change::Changes& changes, approval::Desk& desk)
      : gateway_(gateway), changes_(changes), desk_(desk) {}

  /// `local`: from the socket in the state folder. Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request, bool local);

 private:
  HttpResponse submit(const HttpRequest& request, const change::Who& who);
  HttpResponse act(int64_t number, std::string_view what, const change::Who& who,
                   const Reader& reader);
  HttpResponse list(const HttpRequest& request, const Reader& reader);
  HttpResponse show(int64_t number, const Reader& reader);
  bool may_see(const change::Change& change, const Reader& reader);
  boost::json::object brief(const change::Change& change);
  boost::json::object whole(const change::Change& change);

  gateway::Gateway& gateway_;
  change::Changes& changes_;
  approval::Desk& desk_;
};

}  // namespace sluice::control
