#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "audit/log.h"
#include "audit/upkeep.h"
#include "control/http_server.h"
#include "identity/directory.h"

namespace sluice::control {

/// The audit log as evidence, over HTTP.
class EvidenceApi {
 public:
  /// `audit_directory` is `<state>/audit`.
  EvidenceApi(audit::Log& log, std::filesystem::path audit_directory)
      : log_(log), audit_directory_(std::move(audit_directory)) {}

  /// GET /tlog/checkpoint, /tlog/tile/… and /tlog/rotation/N: the log as c2sp.org/tlog-tiles lays
  /// it out. It tells how many records there are, and nothing of them.
  std::optional<HttpResponse> answer_public(const HttpRequest& request);
  /// GET /api/v1/audit/key, POST /api/v1/audit/key/rotate, GET /api/v1/audit/receipts/ID, GET and
  /// POST /api/v1/audit/retention: what the rules would take, and take it. Receipts are of
  /// anybody's statements for those who read the audit trail, of their own for all others. All but
  /// the key are answered later.
  std::optional<HttpResponse> answer_local(const HttpRequest& request);

  void set_upkeep(audit::Upkeep& upkeep) { upkeep_ = &upkeep; }
  /// Who is who; until it is set nobody has statements of their own.
  void set_directory(std::function<std::shared_ptr<const identity::Directory>()> directory) {
    directory_ = std::move(directory);
  }

 private:
  HttpResponse retention(bool trial);
  HttpResponse rotation(std::string_view number) const;
  bool is_own(const HttpRequest& request, uint64_t sequence) const;
  HttpResponse receipt(const HttpRequest& request, std::string_view id);

  audit::Log& log_;
  std::filesystem::path audit_directory_;
  audit::Upkeep* upkeep_ = nullptr;
  std::function<std::shared_ptr<const identity::Directory>()> directory_;
};

}  // namespace sluice::control
