#include "control/audit_questions.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/answers_json.h"
#include "audit/record_json.h"
#include "audit/search.h"
#include "base/clock.h"
#include "base/parse_time.h"
#include "control/asked_value.h"
#include "control/body.h"
#include "control/captured_result.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr size_t kMostAnswers = 10'000;
constexpr size_t kAnswers = 100;
constexpr std::string_view kRecords = "records/", kResult = "/result";

Result<size_t> limit_of(int64_t limit) {
  if (limit >= 1 && limit <= static_cast<int64_t>(kMostAnswers)) return static_cast<size_t>(limit);
  return fail(ErrorCode::kInvalidInput,
              "limit: expected a number from 1 to " + std::to_string(kMostAnswers));
}

Result<audit::WhoSawQuery> who_saw_query(const json::object& body, const std::string& secret) {
  const auto is_set = [&](const char* name) {
    const auto* flag = body.if_contains(name);
    return flag != nullptr && flag->is_bool() && flag->get_bool();
  };
  SLUICE_ASSIGN(auto query, asked_value(secret, text_of(body, "value"), is_set("exact")));
  query.masked_too = is_set("masked_too");
  SLUICE_ASSIGN(query.since_micros, parse_time(text_of(body, "since")));
  SLUICE_ASSIGN(query.until_micros, parse_time(text_of(body, "until")));
  query.limit = kAnswers;
  if (body.contains("limit")) {
    SLUICE_ASSIGN(query.limit, limit_of(number_of(body, "limit")));
  }
  return query;
}

Result<> set_where(audit::HistoryQuery& query, const std::string& where) {
  const size_t equals = where.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == where.size())
    return fail(ErrorCode::kInvalidInput, "where: expected COLUMN=VALUE such as id=42");
  query.key = where.substr(0, equals);
  query.value = where.substr(equals + 1);
  return {};
}

Result<audit::HistoryQuery> history_query(const audit::Given& given) {
  audit::HistoryQuery query;
  query.limit = kAnswers;
  for (const auto& [name, value] : given) {
    if (name == "table") {
      query.table = value;
    } else if (name == "definitions") {
      if (value != "true" && value != "false")
        return fail(ErrorCode::kInvalidInput, "definitions: expected true or false");
      query.definitions = value == "true";
    } else if (name == "cursor") {
      const auto before = number_in(value);
      if (!before) return fail(ErrorCode::kInvalidInput, "cursor: expected `next` of a page");
      query.before = static_cast<uint64_t>(*before);
    } else if (name == "database") {
      query.database = value;
    } else if (name == "column") {
      query.column = value;
    } else if (name == "where") {
      SLUICE_TRY(set_where(query, value));
    } else if (name == "since") {
      SLUICE_ASSIGN(query.since_micros, parse_time(value));
    } else if (name == "until") {
      SLUICE_ASSIGN(query.until_micros, parse_time(value));
    } else if (name == "limit") {
      SLUICE_ASSIGN(query.limit, limit_of(number_in(value).value_or(0)));
    } else {
      return fail(ErrorCode::kInvalidInput, "unknown parameter \"" + name + "\"");
    }
  }
  if (query.table.empty() && !query.definitions) {
    return fail(ErrorCode::kInvalidInput,
                "table: expected a table's name; or definitions=true, for those of all tables");
  }
  return query;
}

}  // namespace

Result<> note_reading(audit::Log& log, const std::string& reader, std::string_view what) {
  audit::SessionContext context;
  context.user = reader.empty() ? "local administrator" : reader;
  audit::Event event;
  event.type = audit::EventType::kAuditRead;
  event.time_micros = wall_micros();
  event.message = what;
  SLUICE_TRY(log.append_admin(context, event));
  return {};
}

std::optional<HttpResponse> AuditQuestions::answer(const HttpRequest& request,
                                                   std::string_view what,
                                                   const audit::Given& given) {
  constexpr std::string_view kTranscripts = "transcripts/";
  if (what.starts_with(kRecords) && what.ends_with(kResult)) {
    what.remove_prefix(kRecords.size());
    what.remove_suffix(kResult.size());
    HttpResponse response;
    response.later = [this, reader = request.user, record = std::string(what)] {
      return result(reader, record);
    };
    return request.method == "GET" ? response : problem(405, "a result can only be read");
  }
  const bool get = request.method == "GET";
  const bool asks = what == "who-saw" || what == "verification";
  const bool transcript_of = what.starts_with(kTranscripts);
  if (!asks && !transcript_of && what != "history") return std::nullopt;
  if (get == asks || (!get && request.method != "POST"))
    return problem(405, asks ? "this is asked with POST" : "this is asked with GET");
  HttpResponse response;
  if (what == "who-saw") {
    response.later = [this, request] { return who_saw(request); };
  } else if (what == "verification") {
    response.later = [this, request] { return verify(request); };
  } else if (what == "history") {
    response.later = [this, given, reader = request.user] { return history(reader, given); };
  } else {
    response.later = [this, given, reader = request.user,
                      session = std::string(what.substr(kTranscripts.size()))] {
      return transcript(reader, session, given);
    };
  }
  return response;
}

HttpResponse AuditQuestions::who_saw(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto secret = store::installation_secret(*database);
  if (!secret) return failed(secret.error());
  auto query = who_saw_query(*body, *secret);
  if (!query) return failed(query.error());
  // One more than is told, so that nobody is left out without a word.
  const size_t told = query->limit++;
  if (const auto noted = note_reading(log_, request.user, "asked over HTTP who has seen a value");
      !noted)
    return failed(noted.error());
  const auto found = audit::who_saw(audit_directory_, *query);
  if (!found) return failed(found.error());
  const auto damage = audit::known_damage(audit_directory_);
  if (!damage) return failed(damage.error());
  // The oldest come first, and are those that are left out.
  const size_t left_out = found->size() - std::min(found->size(), told);
  json::array all;
  for (size_t i = left_out; i < found->size(); ++i) all.push_back(audit::to_json((*found)[i]));
  json::object out{{"records", std::move(all)}, {"truncated", left_out > 0}};
  if (!damage->empty()) out["damaged"] = json::array(damage->begin(), damage->end());
  return json_response(200, out);
}

HttpResponse AuditQuestions::history(const std::string& reader, const audit::Given& given) {
  auto query = history_query(given);
  if (!query) return failed(query.error());
  const std::string of = query->table.empty() ? "all definitions" : query->table;
  if (const auto noted = note_reading(log_, reader, "history over HTTP of " + of); !noted)
    return failed(noted.error());
  // One more than is told: whether there is another page.
  const size_t told = query->limit++;
  const auto changes = audit::history(audit_directory_, *query);
  if (!changes) return failed(changes.error());
  // The oldest come first, and are those that are left out.
  const size_t left_out = changes->size() - std::min(changes->size(), told);
  json::array all;
  for (size_t i = left_out; i < changes->size(); ++i)
    all.push_back(audit::to_json(*query, (*changes)[i]));
  json::object out{{"records", std::move(all)}, {"next", nullptr}};
  if (left_out > 0) out["next"] = std::to_string((*changes)[left_out].record.sequence);
  return json_response(200, out);
}

HttpResponse AuditQuestions::transcript(const std::string& reader, std::string_view session,
                                        const audit::Given& given) {
  const auto number = number_in(session);
  if (!number) return problem(400, "not a session's number");
  audit::Query query;
  query.session = static_cast<uint64_t>(*number);
  query.order = audit::Order::kOldest;
  for (const auto& [name, value] : given) {
    if (name == "limit") {
      const auto limit = limit_of(number_in(value).value_or(0));
      if (!limit) return failed(limit.error());
      query.limit = *limit;
    } else if (name == "cursor") {
      auto after = audit::parse_rank(value);
      if (!after) return failed(after.error());
      query.after = *after;
    } else {
      return problem(400, "unknown parameter \"" + name + "\"");
    }
  }
  const auto noted =
      note_reading(log_, reader, fmt::format("transcript over HTTP of session {}", *number));
  if (!noted) return failed(noted.error());
  const auto page = audit::search_page(audit_directory_, query);
  if (!page) return failed(page.error());
  if (page->records.empty() && !query.after)
    return problem(404, fmt::format("there is no session {} on the record", *number));
  json::array all;
  for (const auto& record : page->records) all.push_back(audit::to_json(record));
  json::object out{{"records", std::move(all)}, {"next", nullptr}};
  if (page->next) out["next"] = audit::to_text(*page->next);
  return json_response(200, out);
}

HttpResponse AuditQuestions::result(const std::string& reader, std::string_view record) {
  const auto number = number_in(record);
  if (!number) return problem(400, "not a record's number");
  const auto noted =
      note_reading(log_, reader,
                   fmt::format("read over HTTP what was kept of the result of record {}", *number));
  if (!noted) return failed(noted.error());
  const auto found =
      captured_result(audit_directory_.parent_path(), static_cast<uint64_t>(*number));
  return found ? json_response(200, *found) : failed(found.error());
}

HttpResponse AuditQuestions::verify(const HttpRequest& request) {
  audit::VerifyOptions options{.audit = audit_directory_, .key = log_.key()};
  if (!request.body.empty()) {
    const auto body = body_of(request);
    if (!body) return failed(body.error());
    const int64_t first = number_of(*body, "first"), last = number_of(*body, "last");
    if (first < 0 || last < 0 || (last != 0 && last < first))
      return problem(400, "first and last are numbers of records, from 1 on");
    if (first != 0) options.first = static_cast<uint64_t>(first);
    if (last != 0) options.last = static_cast<uint64_t>(last);
    if (const auto* kept = body->if_contains("checkpoints"); kept != nullptr) {
      if (!kept->is_array()) return problem(400, "checkpoints is a list of texts");
      for (const auto& each : kept->get_array()) {
        if (!each.is_string()) return problem(400, "checkpoints is a list of texts");
        options.checkpoints.emplace_back(each.get_string());
      }
    }
  }
  if (const auto noted = note_reading(log_, request.user, "verified over HTTP"); !noted)
    return failed(noted.error());
  const auto report = audit::verify_log(options);
  if (!report) return failed(report.error());
  return json_response(200, audit::to_json(*report));
}

}  // namespace sluice::control
