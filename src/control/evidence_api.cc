#include "control/evidence_api.h"

#include <chrono>
#include <functional>
#include <future>
#include <memory>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "audit/key_chain.h"
#include "audit/receipt.h"
#include "audit/search.h"
#include "audit/tree_files.h"
#include "control/audit_questions.h"
#include "control/own.h"
#include "control/problem.h"
#include "tlog/checkpoint.h"
#include "tlog/tile.h"

namespace sluice::control {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

HttpResponse answer(const Error& error) {
  const int status = error.code == ErrorCode::kNotFound      ? 404
                     : error.code == ErrorCode::kUnavailable ? 503
                                                             : 500;
  return problem(status, error.text);
}

/// What waits for a disk, a token or a signature holds up nobody else.
HttpResponse later(std::string whose, std::function<HttpResponse()> work) {
  HttpResponse response;
  response.whose = std::move(whose);
  response.later = std::move(work);
  return response;
}

/// Its name never stands for anything else.
HttpResponse for_ever(HttpResponse response) {
  response.headers["Cache-Control"] = "public, max-age=31536000, immutable";
  return response;
}

}  // namespace

std::optional<HttpResponse> EvidenceApi::answer_public(const HttpRequest& request) {
  constexpr std::string_view kPrefix = "/tlog/", kRotation = "rotation/";
  if (!request.path.starts_with(kPrefix)) return std::nullopt;
  const std::string_view path = std::string_view(request.path).substr(kPrefix.size());
  const auto files = audit::tree_files(audit_directory_);
  if (path == "checkpoint") {
    auto note = files.read_checkpoint();
    if (!note) return answer(note.error());
    HttpResponse response{200, "text/plain; charset=utf-8", std::move(*note)};
    // A new one comes every second: an old one would look like a log that was cut.
    response.headers["Cache-Control"] = "no-store";
    return response;
  }
  if (path.starts_with(kRotation)) return rotation(path.substr(kRotation.size()));
  const auto tile = tlog::parse_tile_path(path);
  if (!tile)
    return problem(404, "not found",
                   "Known here: /tlog/checkpoint, /tlog/tile/L/N, "
                   "/tlog/rotation/N.");
  auto bytes = files.read(*tile);
  if (!bytes) return problem(404, "there is no such tile");
  return for_ever({200, "application/octet-stream", std::move(*bytes)});
}

HttpResponse EvidenceApi::rotation(std::string_view number) const {
  const auto index = tlog::parse_size(number);
  auto note = index.and_then(
      [&](uint64_t n) { return audit::read_rotation(audit::tree_files(audit_directory_), n); });
  if (!note) return problem(404, "there is no such change of the key");
  return for_ever({200, "text/plain; charset=utf-8", std::move(*note)});
}

std::optional<HttpResponse> EvidenceApi::answer_local(const HttpRequest& request) {
  constexpr std::string_view kReceipts = "/api/v1/audit/receipts/";
  if (request.method == "GET" && request.path == "/api/v1/audit/key") {
    return json_response(200, boost::json::object{{"key", log_.key().text()}});
  }
  if (request.method == "POST" && request.path == "/api/v1/audit/key/rotate") {
    return later("audit key", [this] {
      const auto key = log_.rotate_key();
      if (!key) return answer(key.error());
      return json_response(200, boost::json::object{{"key", key->text()}});
    });
  }
  const bool post = request.method == "POST";
  if (upkeep_ != nullptr && request.path == "/api/v1/audit/retention" &&
      (post || request.method == "GET")) {
    return later("audit retention", [this, trial = !post] { return retention(trial); });
  }
  if (request.method == "GET" && request.path.starts_with(kReceipts)) {
    return later("audit receipts", [this, request, at = kReceipts.size()] {
      return receipt(request, std::string_view(request.path).substr(at));
    });
  }
  return std::nullopt;
}

HttpResponse EvidenceApi::retention(bool trial) {
  const auto found = upkeep_->retain(trial);
  if (!found) return answer(found.error());
  boost::json::array rules;
  for (const auto& [rule, count] : *found)
    rules.push_back(boost::json::object{{"rule", rule},
                                        {"keep", count.keep},
                                        {"due", count.due},
                                        {"held", count.held},
                                        {"torn", count.torn},
                                        {"torn_held", count.torn_held}});
  return json_response(200, boost::json::object{{"rules", std::move(rules)}});
}

/// As they see it in their history: their statement and not one of whoever had the name before, for
/// whom they act now, where their credential is good.
bool EvidenceApi::is_own(const HttpRequest& request, uint64_t sequence) const {
  const auto record = audit::show(audit_directory_, sequence);
  if (!record || record->type != audit::EventType::kStatement) return false;
  const auto& actors = record->context.actors;
  if (!directory_) return false;
  const Own own = own_of(request, *directory_());
  if (record->time_micros < own.since_micros || !own.has(record->context.database)) return false;
  return record->context.user == request.user &&
         (request.person.empty() || (!actors.empty() && actors.back() == request.person));
}

HttpResponse EvidenceApi::receipt(const HttpRequest& request, std::string_view id) {
  const auto sequence = tlog::parse_size(id);
  if (!sequence) return problem(400, "not a record's number");
  const bool reads_all = request.user.empty() || request.roles.meet(Role::kAuditor | Role::kAdmin);
  if (!reads_all && !is_own(request, *sequence)) {
    return problem(404, fmt::format("there is no record {} of a statement of yours", *sequence),
                   "Its number stands in your history, and in the answer to a query: record.");
  }
  if (reads_all) {
    if (const auto noted =
            note_reading(log_, request.user, fmt::format("receipt of record {}", *sequence));
        !noted)
      return answer(noted.error());
  }
  if (*sequence <= log_.health().last_sequence) {
    // Shared with the callback, which may come after the wait has been given up.
    auto published = std::make_shared<std::promise<void>>();
    log_.when_published(*sequence, [published](bool) { published->set_value(); });
    published->get_future().wait_for(kPatience);
  }
  auto text = audit::make_receipt(audit_directory_, *sequence);
  if (!text) return answer(text.error());
  return {200, "text/plain; charset=utf-8", std::move(*text)};
}

}  // namespace sluice::control
