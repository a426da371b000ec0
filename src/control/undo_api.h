#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/json.hpp>

#include "approval/desk.h"
#include "control/caller.h"
#include "control/http_server.h"
#include "control/undoer.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// What of approved statements can be undone (docs/approvals.md), by the number of the request:
///
///   GET  /api/v1/undo?limit=…   the newest first
///   GET  /api/v1/undo/N         what would happen
///   POST /api/v1/undo/N         {skip_conflicts}: undoes it
///
/// By those who are asked to decide on the request, never by who asked for it; whoever may open the
/// state folder may look. What has been kept long enough is removed here too.
class UndoApi {
 public:
  UndoApi(gateway::Gateway& gateway, approval::Desk& desk, undo::UndoStore& store);
  ~UndoApi();
  UndoApi(const UndoApi&) = delete;
  UndoApi& operator=(const UndoApi&) = delete;

  /// `local`: from the socket in the state folder. Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request, bool local);

 private:
  HttpResponse list(const HttpRequest& request, const Reader& reader);
  bool may_see(const undo::Entry& entry, const Reader& reader);
  std::optional<HttpResponse> conflicts_anywhere(const std::vector<undo::Entry>& entries,
                                                 bool keys);
  HttpResponse undo(int64_t number, const std::string& actor, bool for_real, bool skip_conflicts);
  Result<> may_undo(int64_t number, const std::string& actor);
  void tidy();

  gateway::Gateway& gateway_;
  approval::Desk& desk_;
  undo::UndoStore& store_;
  Undoer undoer_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread tidying_;
};

}  // namespace sluice::control
