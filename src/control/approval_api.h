#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "approval/desk.h"
#include "control/caller.h"
#include "control/delegation_api.h"
#include "control/http_server.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// Whether `reader` asked for it or is asked to decide on it; whoever may open the state folder
/// (an empty name) may see all.
bool may_see(const approval::Request& request, const identity::Directory& directory,
             const Reader& reader);

/// A reader, and those whose vote they may give now: they see what those see.
std::vector<Reader> eyes_of(const Reader& reader, approval::Desk& desk,
                            const identity::Directory& directory);
bool may_see(const approval::Request& request, const identity::Directory& directory,
             const std::vector<Reader>& eyes);

/// Requests, and what people say to them (docs/approvals.md):
///
///   GET  /api/v1/approvals?state=…&requester=…&limit=…   the newest first
///   GET  /api/v1/approvals/N                             all that those who decide should see
///   POST /api/v1/approvals/N/approve|reject|comment      {comment, max_rows, for}
///   POST /api/v1/approvals/N/withdraw                    {comment}, by who asked
///   …    /api/v1/approvals/delegations                   see delegation_api.h
///
/// Every caller must prove who they are (caller.h), and sees what they asked for or are asked to
/// decide on; whoever may open the state folder may look at all of it, but decides on nothing
/// without proving who they are.
class ApprovalApi {
 public:
  ApprovalApi(gateway::Gateway& gateway, approval::Desk& desk) : gateway_(gateway), desk_(desk) {}

  /// `local`: from the socket in the state folder. Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request, bool local);

 private:
  HttpResponse list(const HttpRequest& request, const Reader& reader);
  boost::json::array similar(const approval::Request& request, const Reader& reader);
  HttpResponse show(int64_t number, const Reader& reader);
  HttpResponse act(const HttpRequest& request, int64_t number, std::string_view what);
  std::vector<Reader> eyes_of(const Reader& reader) {
    return control::eyes_of(reader, desk_, *gateway_.directory());
  }
  bool may_see(const approval::Request& request, const std::vector<Reader>& eyes) {
    return control::may_see(request, *gateway_.directory(), eyes);
  }
  boost::json::object brief(const approval::Request& request);

  gateway::Gateway& gateway_;
  approval::Desk& desk_;
  DelegationApi delegations_{gateway_, desk_};
};

}  // namespace sluice::control
