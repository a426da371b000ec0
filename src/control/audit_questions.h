#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "audit/filters.h"
#include "audit/log.h"
#include "control/http_server.h"
#include "store/state.h"

namespace sluice::control {

/// Puts on the record that `reader` (empty: the operator) reads the audit trail over HTTP; what
/// cannot be recorded is not done.
Result<> note_reading(audit::Log& log, const std::string& reader, std::string_view what);

/// Questions to the audit trail that are more than a search:
///
///   POST /api/v1/audit/who-saw         {value, masked_too, exact, since, until, limit}: who has
///   received
///                                      a value, which does not go on the record; truncated:
///                                      there are older ones
///   GET  /api/v1/audit/history         table, database, column, where=COLUMN=VALUE, since, until,
///                                      limit: what changed it
///   GET  /api/v1/audit/transcripts/N   a page of a session: limit, cursor
///   GET  /api/v1/audit/records/N/result  what was kept of what that statement returned
///   POST /api/v1/audit/verification    the whole log, compared with what was signed
class AuditQuestions {
 public:
  /// `open_store`: where the secret is that values are looked for with.
  AuditQuestions(audit::Log& log, std::filesystem::path audit_directory, store::Opener open_store)
      : log_(log),
        audit_directory_(std::move(audit_directory)),
        open_store_(std::move(open_store)) {}

  /// `what` is the path behind /api/v1/audit/, `given` its parameters. Null: not one of these.
  std::optional<HttpResponse> answer(const HttpRequest& request, std::string_view what,
                                     const audit::Given& given);

 private:
  HttpResponse who_saw(const HttpRequest& request);
  HttpResponse history(const std::string& reader, const audit::Given& given);
  HttpResponse transcript(const std::string& reader, std::string_view session,
                          const audit::Given& given);
  HttpResponse result(const std::string& reader, std::string_view record);
  HttpResponse verify(const HttpRequest& request);

  audit::Log& log_;
  std::filesystem::path audit_directory_;
  store::Opener open_store_;
};

}  // namespace sluice::control
