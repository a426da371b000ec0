#include "control/provenance_api.h"

#include "base/parse_time.h"
#include "control/audit_questions.h"
#include "control/body.h"
#include "control/provenance_answers.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPrefix = "/api/v1/provenance/";
constexpr std::string_view kReceipts = "receipts/";

Result<audit::TrainingQuery> query_of(const audit::Given& given) {
  audit::TrainingQuery query;
  for (const auto& [name, value] : given) {
    if (name == "dataset") {
      query.dataset = value;
    } else if (name == "model") {
      query.model = value;
    } else if (name == "user") {
      query.user = value;
    } else if (name == "database") {
      query.database = value;
    } else if (name == "since") {
      SLUICE_ASSIGN(query.since_micros, parse_time(value));
    } else if (name == "until") {
      SLUICE_ASSIGN(query.until_micros, parse_time(value));
    } else if (name == "limit") {
      const auto limit = number_in(value);
      if (!limit || *limit > 10'000) {
        return fail(ErrorCode::kInvalidInput, "limit: expected a number from 1 to 10000");
      }
      query.limit = static_cast<size_t>(*limit);
    } else {
      return fail(ErrorCode::kInvalidInput, "unknown parameter \"" + name + "\"");
    }
  }
  return query;
}

Result<Subject> subject_of(const json::object& body, bool contains) {
  Subject subject;
  const auto* values = body.if_contains("values");
  if (values == nullptr || !values->is_array()) {
    return fail(ErrorCode::kInvalidInput, "values: expected a list of texts");
  }
  for (const auto& value : values->get_array()) {
    if (!value.is_string()) {
      return fail(ErrorCode::kInvalidInput, "values: expected a list of texts");
    }
    subject.values.emplace_back(value.get_string());
  }
  subject.dataset = text_of(body, "dataset");
  if (contains && subject.dataset.empty()) {
    return fail(ErrorCode::kInvalidInput, "dataset: expected a data set or the id of a receipt");
  }
  SLUICE_ASSIGN(subject.since_micros, parse_time(text_of(body, "since")));
  SLUICE_ASSIGN(subject.until_micros, parse_time(text_of(body, "until")));
  return subject;
}

}  // namespace

std::optional<HttpResponse> ProvenanceApi::answer(const HttpRequest& request) {
  const std::string_view target = request.path;
  const std::string_view path = target.substr(0, target.find('?'));
  if (!path.starts_with(kPrefix)) return std::nullopt;
  const std::string_view what = path.substr(kPrefix.size());
  const bool asks = what == "contains" || what == "affected";
  if (!asks && what != "receipts" && !what.starts_with(kReceipts)) {
    return problem(404, "not found", "Known here: receipts, receipts/ID, contains, affected.");
  }
  if (request.method != (asks ? "POST" : "GET")) {
    return problem(405, asks ? "this is asked with POST" : "this is asked with GET");
  }
  HttpResponse response;
  if (asks) {
    response.later = [this, request, contains = what == "contains"] {
      return ask(request, contains);
    };
  } else if (what == "receipts") {
    const auto given =
        audit::parse_query_string(target.substr(std::min(target.size(), path.size() + 1)));
    if (!given) return failed(given.error());
    response.later = [this, reader = request.user, given = *given] { return list(reader, given); };
  } else {
    response.later = [this, reader = request.user,
                      id = std::string(what.substr(kReceipts.size()))] { return one(reader, id); };
  }
  return response;
}

HttpResponse ProvenanceApi::list(const std::string& reader, const audit::Given& given) {
  const auto query = query_of(given);
  if (!query) return failed(query.error());
  if (const auto noted = note_reading(log_, reader, "listed over HTTP the training receipts");
      !noted)
    return failed(noted.error());
  const auto all = audit::training_receipts(audit_directory_, *query);
  if (!all) return failed(all.error());
  json::array out;
  for (const auto& record : *all) out.push_back(summary(record));
  return json_response(200, json::object{{"receipts", std::move(out)}});
}

HttpResponse ProvenanceApi::one(const std::string& reader, const std::string& id) {
  const auto record = audit::training_receipt(audit_directory_, id);
  if (!record) return failed(record.error());
  if (const auto noted = note_reading(log_, reader, "read over HTTP the training receipt " + id);
      !noted)
    return failed(noted.error());
  json::error_code error;
  const auto envelope = json::parse(record->envelope, error);
  if (error || !envelope.is_object()) return problem(500, "an unreadable receipt");
  return json_response(200, envelope.get_object());
}

HttpResponse ProvenanceApi::ask(const HttpRequest& request, bool contains) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const auto subject = subject_of(*body, contains);
  if (!subject) return failed(subject.error());
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto secret = store::installation_secret(*database);
  if (!secret) return failed(secret.error());
  const auto noted = note_reading(
      log_, request.user,
      contains ? "asked over HTTP whether training data hold a value: " + subject->dataset
               : "asked over HTTP which training data hold a value");
  if (!noted) return failed(noted.error());
  auto found = contains ? control::contains(audit_directory_, *secret, *subject)
                        : affected(audit_directory_, *secret, *subject);
  if (!found) return failed(found.error());
  return json_response(200, json::object{{"receipts", std::move(*found)}});
}

}  // namespace sluice::control
