#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "audit/filters.h"
#include "audit/log.h"
#include "control/http_server.h"
#include "store/state.h"

namespace sluice::control {

/// What has left for training:
///
///   GET  /api/v1/provenance/receipts      dataset, model, user, database, since, until, limit
///   GET  /api/v1/provenance/receipts/ID   the signed envelope
///   POST /api/v1/provenance/contains      {dataset, values}: whether it holds any of them
///   POST /api/v1/provenance/affected      {values, since, until}: what does
///
/// Each question goes on the record, without the values.
class ProvenanceApi {
 public:
  ProvenanceApi(audit::Log& log, std::filesystem::path audit_directory, store::Opener open_store)
      : log_(log),
        audit_directory_(std::move(audit_directory)),
        open_store_(std::move(open_store)) {}

  /// Null: not one of these.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse list(const std::string& reader, const audit::Given& given);
  HttpResponse one(const std::string& reader, const std::string& id);
  HttpResponse ask(const HttpRequest& request, bool contains);

  audit::Log& log_;
  std::filesystem::path audit_directory_;
  store::Opener open_store_;
};

}  // namespace sluice::control
