#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <boost/json.hpp>

#include "audit/filters.h"
#include "audit/log.h"
#include "control/audit_questions.h"
#include "control/http_server.h"
#include "control/own.h"
#include "store/state.h"

namespace sluice::control {

/// The audit trail over HTTP, for whoever may open the state folder; every filter of
/// audit/filters.h is a parameter:
///
///   GET    /api/v1/audit/records        a page: limit, order, cursor
///   GET    /api/v1/audit/records/N      one
///   GET    /api/v1/history              a page of the caller's own statements
///   GET    /api/v1/audit/counts         by=FIELD,…  over=SPAN
///   GET    /api/v1/audit/subjects       sensitive values seen, by person and day
///   GET    /api/v1/audit/tail           records as they are written, as server-sent events
///   GET    /api/v1/audit/searches       those that are saved; saved=NAME begins with one
///   PUT    /api/v1/audit/searches/NAME  {query, author}
///   DELETE /api/v1/audit/searches/NAME
///
/// Whoever reads is on the record.
class AuditApi {
 public:
  /// `open_store`: where searches are saved.
  AuditApi(audit::Log& log, std::filesystem::path audit_directory, store::Opener open_store)
      : log_(log),
        audit_directory_(std::move(audit_directory)),
        open_store_(std::move(open_store)),
        questions_(log, audit_directory_, open_store_) {}

  /// Null: not a path of this part. `own`: what is the caller's own.
  std::optional<HttpResponse> answer(const HttpRequest& request, const Own& own);

 private:
  /// Parameters that are no filters, and the query that the filters make.
  struct Asked {
    audit::Query query;
    std::string by, over;
    std::string reader = {};  ///< who reads; empty: the operator
    bool own = false;         ///< their own statements, and nothing else
    std::string person = {};  ///< of those, what they did for this one
    Own theirs = {};          ///< and what else they must be
    uint64_t after = 0;       ///< the last record that was told before a connection broke
  };
  Result<Asked> asked_of(const audit::Given& given) const;
  HttpResponse records(const Asked& asked);
  HttpResponse record(const std::string& reader, uint64_t sequence);
  HttpResponse counts(const Asked& asked);
  HttpResponse subjects(const Asked& asked);
  HttpResponse follow(const Asked& asked);
  HttpResponse searches();
  HttpResponse save(const std::string& name, const HttpRequest& request);
  HttpResponse forget(const std::string& name);

  audit::Log& log_;
  std::filesystem::path audit_directory_;
  store::Opener open_store_;
  AuditQuestions questions_;
};

/// The description of AuditApi (OpenAPI 3.1).
boost::json::object audit_openapi();

}  // namespace sluice::control
