#include "control/audit_api.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "audit/answers_json.h"
#include "audit/count.h"
#include "audit/record_json.h"
#include "audit/search.h"
#include "audit/tail.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/units.h"
#include "control/body.h"
#include "store/saved_searches.h"
#include "store/state.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPrefix = "/api/v1/audit/";
constexpr std::string_view kHistory = "/api/v1/history";
constexpr std::string_view kSearches = "searches/", kRecords = "records/";
constexpr size_t kMostRecords = 10'000;
constexpr size_t kMostFields = 5;

Result<audit::Counting> counting_of(const std::string& by, const std::string& over) {
  audit::Counting counting;
  std::string_view names = by;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const auto field = audit::find_field(name);
    if (!field) {
      return fail(ErrorCode::kInvalidInput, "by: nothing is counted by \"" + std::string(name) +
                                                "\"; /api/v1/openapi.json has the fields");
    }
    const auto same = [&](const auto& known) { return known == *field; };
    // Each counts all combinations of what a record says of it with those of the others.
    if (std::any_of(counting.by.begin(), counting.by.end(), same) ||
        counting.by.size() == kMostFields) {
      return fail(ErrorCode::kInvalidInput,
                  fmt::format("by: at most {} fields, each once", kMostFields));
    }
    counting.by.push_back(*field);
  }
  if (over.empty()) return counting;
  SLUICE_ASSIGN(const Duration span, parse_duration(over));
  counting.bucket_micros = std::chrono::duration_cast<std::chrono::microseconds>(span).count();
  if (counting.bucket_micros > 0) return counting;
  return fail(ErrorCode::kInvalidInput, "over: expected a span of time such as 1h");
}

Result<size_t> limit_of(const std::string& text) {
  size_t limit = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, limit);
  if (read.ec == std::errc() && read.ptr == end && limit <= kMostRecords) return limit;
  return fail(ErrorCode::kInvalidInput,
              "limit: expected a number up to " + std::to_string(kMostRecords));
}

}  // namespace

std::optional<HttpResponse> AuditApi::answer(const HttpRequest& request, const Own& theirs) {
  const std::string_view target = request.path;
  const std::string_view path = target.substr(0, target.find('?'));
  const bool own = path == kHistory;
  if (!path.starts_with(kPrefix) && !own) return std::nullopt;
  const std::string_view what = own ? "records" : path.substr(kPrefix.size());
  if (what.starts_with(kSearches)) {
    const auto name = audit::parse_query_string(what.substr(kSearches.size()));
    if (!name || name->size() != 1) return problem(400, "not the name of a search");
    if (request.method == "PUT") return save(name->front().first, request);
    if (request.method == "DELETE") return forget(name->front().first);
    return problem(405, "a saved search can be PUT and DELETEd");
  }
  const auto given =
      audit::parse_query_string(target.substr(std::min(target.size(), path.size() + 1)));
  if (!given) return failed(given.error());
  if (auto answer = questions_.answer(request, what, *given)) return answer;
  if (request.method != "GET") return problem(405, "the audit trail can only be read");
  if (what == "searches") return searches();
  if (what.starts_with(kRecords)) {
    const auto sequence = number_in(what.substr(kRecords.size()));
    if (!sequence) return problem(400, "not a record's number");
    return record(request.user, static_cast<uint64_t>(*sequence));
  }
  const bool saved = std::any_of(given->begin(), given->end(),
                                 [](const auto& each) { return each.first == "saved"; });
  if (own && saved) return problem(403, "saved searches are for those who read the audit trail");
  auto asked = asked_of(*given);
  if (!asked) return failed(asked.error());
  asked->reader = request.user;
  // As browsers send it when they connect again (HTML, server-sent events).
  asked->after = static_cast<uint64_t>(number_in(request.header("last-event-id")).value_or(0));
  if ((asked->own = own)) {
    if (request.user.empty()) return problem(404, "the operator has no statements of their own");
    asked->query.user = request.user;
    asked->person = request.person;
    asked->theirs = theirs;
    asked->query.since_micros = std::max(asked->query.since_micros, theirs.since_micros);
    asked->query.type = "statement";
  }
  HttpResponse response;
  if (what == "records") {
    response.later = [this, asked = std::move(*asked)] { return records(asked); };
  } else if (what == "counts") {
    response.later = [this, asked = std::move(*asked)] { return counts(asked); };
  } else if (what == "subjects") {
    response.later = [this, asked = std::move(*asked)] { return subjects(asked); };
  } else if (what == "tail") {
    response.later = [this, asked = std::move(*asked)] { return follow(asked); };
  } else {
    return problem(404, "not found",
                   "Known here: records, counts, subjects, tail, searches, who-saw, history, "
                   "transcripts, verification.");
  }
  return response;
}

Result<AuditApi::Asked> AuditApi::asked_of(const audit::Given& given) const {
  Asked asked;
  for (const auto& [name, value] : given) {
    if (name != "saved") continue;
    SLUICE_ASSIGN(auto database, open_store_());
    SLUICE_ASSIGN(const auto saved, store::saved_search(database, value));
    SLUICE_ASSIGN(const auto filters, audit::parse_query_string(saved.query));
    for (const auto& [filter, its] : filters) {
      SLUICE_TRY(audit::set_filter(asked.query, filter, its));
    }
  }
  for (const auto& [name, value] : given) {
    if (name == "saved") continue;
    if (name == "by") {
      asked.by = value;
    } else if (name == "over") {
      asked.over = value;
    } else if (name == "limit") {
      SLUICE_ASSIGN(asked.query.limit, limit_of(value));
    } else if (name == "order") {
      SLUICE_TRY(audit::set_order(asked.query, value));
    } else if (name == "cursor") {
      SLUICE_ASSIGN(asked.query.after, audit::parse_rank(value));
    } else {
      SLUICE_TRY(audit::set_filter(asked.query, name, value));
    }
  }
  SLUICE_TRY(audit::check_times(asked.query));
  return asked;
}

HttpResponse AuditApi::records(const Asked& asked) {
  if (!asked.own) {
    if (const auto noted = note_reading(log_, asked.reader, "searched over HTTP"); !noted)
      return failed(noted.error());
  }
  const auto page = audit::search_page(audit_directory_, asked.query);
  if (!page) return failed(page.error());
  json::array all;
  for (const auto& record : page->records) {
    const auto& actors = record.context.actors;
    if (!asked.person.empty() && (actors.empty() || actors.back() != asked.person)) continue;
    if (asked.theirs.has(record.context.database)) all.push_back(audit::to_json(record));
  }
  json::object out{{"records", std::move(all)}, {"next", nullptr}};
  if (page->next) out["next"] = audit::to_text(*page->next);
  Result<std::vector<std::string>> damage = std::vector<std::string>();
  if (!asked.own) damage = audit::known_damage(audit_directory_);
  if (!damage) return failed(damage.error());
  if (!damage->empty()) out["damaged"] = json::array(damage->begin(), damage->end());
  return json_response(200, out);
}

HttpResponse AuditApi::record(const std::string& reader, uint64_t sequence) {
  if (const auto noted = note_reading(log_, reader, fmt::format("read record {}", sequence));
      !noted)
    return failed(noted.error());
  const auto found = audit::show(audit_directory_, sequence);
  return found ? json_response(200, audit::to_json(*found)) : failed(found.error());
}

HttpResponse AuditApi::counts(const Asked& asked) {
  const auto counting = counting_of(asked.by, asked.over);
  if (!counting) return failed(counting.error());
  if (const auto noted = note_reading(log_, asked.reader, "counted over HTTP"); !noted)
    return failed(noted.error());
  const auto counts = audit::count(audit_directory_, asked.query, *counting);
  if (!counts) return failed(counts.error());
  json::array all;
  for (const auto& some : counts->counts) {
    json::object values;
    for (size_t i = 0; i < counting->by.size(); ++i) {
      values[audit::name_of(counting->by[i])] = to_printable_utf8(some.values[i]);
    }
    json::object one{{"values", std::move(values)}, {"records", some.records}};
    if (counting->bucket_micros > 0) one["time"] = format_time(some.bucket);
    all.push_back(std::move(one));
  }
  return json_response(200, json::object{{"records", counts->records}, {"counts", std::move(all)}});
}

HttpResponse AuditApi::subjects(const Asked& asked) {
  if (const auto noted =
          note_reading(log_, asked.reader, "counted over HTTP who has seen how much");
      !noted)
    return failed(noted.error());
  const auto seen = audit::subjects_seen(audit_directory_, asked.query, wall_micros());
  if (!seen) return failed(seen.error());
  json::array all;
  for (const auto& one : *seen) all.push_back(audit::to_json(one));
  return json_response(200, json::object{{"subjects", std::move(all)}});
}

HttpResponse AuditApi::follow(const Asked& asked) {
  if (const auto noted = note_reading(log_, asked.reader, "followed over HTTP"); !noted)
    return failed(noted.error());
  constexpr uint64_t kMostMissed = 10'000;
  const uint64_t newest = log_.health().last_sequence;
  const bool missed =
      asked.after != 0 && asked.after < newest && newest - asked.after <= kMostMissed;
  auto opened = audit::Tail::open(audit_directory_, asked.query, missed ? asked.after : 0);
  if (!opened) return failed(opened.error());
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.stream = [&log = log_, tail = std::make_shared<audit::Tail>(std::move(*opened)),
                     said = uint64_t{0}]() mutable -> std::optional<std::string> {
    std::string events;
    // All up to there is in the segments before they are read.
    const uint64_t there = log.health().published_sequence;
    const auto told = tail->poll([&](const audit::Record& record) {
      events += "data: " + json::serialize(audit::to_json(record)) + "\n\n";
      return true;
    });
    if (!told) return std::nullopt;
    // Segments are not of one order: only where all were read to their ends is nothing behind that
    // is older. An id of its own is no event (HTML, 9.2.6).
    if (!tail->behind() && there > said) {
      events += "id: " + std::to_string(there) + "\n\n";
      said = there;
    }
    return events;
  };
  return response;
}

HttpResponse AuditApi::searches() {
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto saved = store::saved_searches(*database);
  if (!saved) return failed(saved.error());
  json::array all;
  for (const auto& search : *saved) {
    all.push_back(json::object{{"name", search.name},
                               {"query", search.query},
                               {"author", search.author},
                               {"time", format_time(search.time_micros)}});
  }
  return json_response(200, all);
}

HttpResponse AuditApi::save(const std::string& name, const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const std::string text = text_of(*body, "query");
  const auto given = audit::parse_query_string(text);
  if (!given) return failed(given.error());
  audit::Query query;
  for (const auto& [filter, value] : *given) {
    if (const auto set = audit::set_filter(query, filter, value); !set) return failed(set.error());
  }
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto saved = store::save_search(*database, {name, text, author_of(request, *body), 0});
  if (!saved) return failed(saved.error());
  return json_response(200, json::object{{"name", name}, {"query", text}});
}

HttpResponse AuditApi::forget(const std::string& name) {
  auto database = open_store_();
  if (!database) return failed(database.error());
  const auto removed = store::remove_search(*database, name);
  if (!removed) return failed(removed.error());
  return json_response(200, json::object{{"removed", name}});
}

}  // namespace sluice::control
