#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "audit/log.h"
#include "audit/upkeep.h"
#include "config/config.h"
#include "control/http_server.h"
#include "store/state.h"

namespace sluice::control {

/// What operators do now and then at the gateway's machine, over HTTP (docs/audit.md,
/// docs/identity.md):
///
///   POST /api/v1/audit/erasures         {first, last, reason}: records that are to go
///   POST /api/v1/audit/reconciliations  {database, slot, since, create_slot, keep, limit}
///   POST /api/v1/directories/check      {name, user}: whether directories answer, and know
///   somebody
///
/// All are answered later, and what is erased or compared is on the record. Any thread.
class OperatorApi {
 public:
  /// `audit_directory` is `<state>/audit`; `open_store`: the installation's.
  OperatorApi(audit::Log& log, std::filesystem::path audit_directory, store::Opener open_store)
      : log_(log),
        audit_directory_(std::move(audit_directory)),
        open_store_(std::move(open_store)) {}

  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

  /// With all databases; also anew on reload.
  void set_config(std::shared_ptr<const config::Config> config);
  void set_upkeep(audit::Upkeep& upkeep) { upkeep_ = &upkeep; }

 private:
  HttpResponse erase(const HttpRequest& request);
  HttpResponse reconcile(const HttpRequest& request);
  HttpResponse check_directories(const HttpRequest& request);
  std::shared_ptr<const config::Config> config() const;
  Result<> tell(const HttpRequest& request, const std::string& word);

  audit::Log& log_;
  const std::filesystem::path audit_directory_;
  const store::Opener open_store_;
  audit::Upkeep* upkeep_ = nullptr;
  mutable std::mutex mutex_;
  std::shared_ptr<const config::Config> config_;
  std::mutex comparing_;  ///< one at a time
};

}  // namespace sluice::control
