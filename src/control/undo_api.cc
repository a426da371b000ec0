#include "control/undo_api.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "approval/quorum.h"
#include "audit/filters.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "control/approval_api.h"
#include "control/body.h"
#include "control/caller.h"
#include "control/own.h"
#include "control/visible_page.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/api/v1/undo";
constexpr std::string_view kScope = "approvals";
constexpr size_t kMostListed = 10'000;
constexpr size_t kMostConflictsShown = 100;
constexpr auto kTidyEvery = std::chrono::seconds(5);

json::object to_json(const undo::Entry& entry) {
  json::object out{{"request", entry.request},
                   {"requester", entry.requester},
                   {"database", entry.database},
                   {"kept", to_printable_utf8(entry.summary)},
                   {"created", format_time(entry.created_micros)},
                   {"until", format_time(entry.until_micros)},
                   {"state", undo::name_of(entry.state)}};
  if (!entry.undone_by.empty()) out["undone_by"] = entry.undone_by;
  return out;
}

/// What is in the way: each row by its key to the operator alone. A key may be what is masked for
/// somebody, or of a row that their rules keep from them: to them it is told how many there are.
json::array conflicts_of(const std::vector<undo::Conflict>& conflicts, bool keys) {
  json::array out;
  std::map<std::pair<std::string, std::string>, size_t> alike;  // places in `out`
  for (const auto& conflict : conflicts) {
    const auto first = alike.find({conflict.table, conflict.why});
    if (!keys && first != alike.end()) {
      auto& rows = out[first->second].as_object()["rows"];
      rows = rows.to_number<size_t>() + 1;
      continue;
    }
    if (out.size() == kMostConflictsShown) break;
    alike.emplace(std::pair(conflict.table, conflict.why), out.size());
    out.push_back(json::object{{"table", to_printable_utf8(conflict.table)},
                               {"key", keys ? to_printable_utf8(conflict.key) : std::string()},
                               {"rows", size_t{1}},
                               {"why", to_printable_utf8(conflict.why)}});
  }
  return out;
}

json::object to_json(const Undoer::Outcome& outcome, bool keys) {
  json::object out = to_json(outcome.entry);
  out["conflicts"] = conflicts_of(outcome.conflicts, keys);
  out["conflicts_in_all"] = outcome.conflicts.size();
  out["undone"] = outcome.undone;
  return out;
}

HttpResponse not_undone(const undo::Entry& entry, const Error& error) {
  return problem(status_of(error.code), fmt::format("request {}, {} at \"{}\": {}", entry.request,
                                                    to_printable_utf8(entry.summary),
                                                    entry.database, to_printable_utf8(error.text)));
}

}  // namespace

UndoApi::UndoApi(gateway::Gateway& gateway, approval::Desk& desk, undo::UndoStore& store)
    : gateway_(gateway), desk_(desk), store_(store), undoer_(gateway, store) {
  tidying_ = std::thread([this] { tidy(); });
}

UndoApi::~UndoApi() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  tidying_.join();
}

void UndoApi::tidy() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kTidyEvery, [this] { return stopping_; })) {
    lock.unlock();
    if (const auto done = undoer_.forget_expired(); !done)
      log::warn("what need not be kept any more is kept on: {}", done.error().text);
    lock.lock();
  }
}

/// Those who could have refused it may take it back.
Result<> UndoApi::may_undo(int64_t number, const std::string& actor) {
  SLUICE_ASSIGN(auto request, desk_.find(number));
  return desk_.could_vote(std::move(request), {actor, approval::Verdict::kReject});
}

HttpResponse UndoApi::list(const HttpRequest& request, const Reader& reader) {
  const size_t mark = request.path.find('?');
  const auto given = audit::parse_query_string(
      mark == std::string::npos ? std::string_view()
                                : std::string_view(request.path).substr(mark + 1));
  if (!given) return failed(given.error());
  size_t limit = 100;
  int64_t before = std::numeric_limits<int64_t>::max();
  for (const auto& [name, value] : *given) {
    const auto number = number_in(value);
    if ((name != "limit" && name != "cursor") || !number)
      return problem(400, "known parameters: limit and cursor, numbers");
    if (name == "limit")
      limit = std::min(static_cast<size_t>(*number), kMostListed);
    else
      before = *number;
  }
  const auto all = store_.list(kMostListed);
  if (!all) return failed(all.error());
  return page_of(
      request.path, *all, limit, [&](const undo::Entry& entry) { return entry.id < before; },
      [&](const undo::Entry& entry) { return may_see(entry, reader); },
      [](const undo::Entry& entry) { return to_json(entry); },
      [](const undo::Entry& entry) { return std::to_string(entry.id); });
}

bool UndoApi::may_see(const undo::Entry& entry, const Reader& reader) {
  if (!reader.sees_databases(entry.database)) return false;
  if (reader.user.empty()) return true;
  const auto directory = gateway_.directory();
  if (!reader.person.empty()) {
    const auto found = desk_.find(entry.request);
    return found && control::may_see(*found, *directory, reader);
  }
  return is_theirs(*directory, reader, entry.requester, {}, entry.created_micros) ||
         may_undo(entry.request, reader.user).has_value();
}

/// No transaction spans databases: each is asked first, so that one is not put back where another
/// could not be. Only for what was done last in each, as what came before stands behind it.
std::optional<HttpResponse> UndoApi::conflicts_anywhere(const std::vector<undo::Entry>& entries,
                                                        bool keys) {
  const bool one = std::all_of(entries.begin(), entries.end(), [&](const auto& entry) {
    return entry.database == entries.front().database;
  });
  if (one) return std::nullopt;
  std::set<std::string> asked;
  json::array out;
  bool conflicts = false;
  for (const auto& entry : entries) {
    if (!asked.insert(entry.database).second) continue;
    const auto outcome = undoer_.preview(entry);
    if (!outcome) return not_undone(entry, outcome.error());
    conflicts = conflicts || !outcome->conflicts.empty();
    out.push_back(to_json(*outcome, keys));
  }
  if (!conflicts) return std::nullopt;
  return json_response(
      200, json::object{{"request", entries.front().request}, {"entries", std::move(out)}});
}

HttpResponse UndoApi::undo(int64_t number, const std::string& actor, bool for_real,
                           bool skip_conflicts) {
  const auto entries = store_.of_request(number, wall_micros());
  if (!entries) return failed(entries.error());
  if (entries->empty()) {
    return problem(404, fmt::format("nothing is kept of request {}", number),
                   "It was not held by a rule that is undoable, has not run, changed nothing, is "
                   "undone already, or its time is over: sluice approval kept");
  }
  const bool keys = actor.empty();  // the operator, who may open the gateway's own files
  json::array out;
  if (for_real && !skip_conflicts) {
    if (auto in_the_way = conflicts_anywhere(*entries, keys)) return std::move(*in_the_way);
  }
  for (const auto& entry : *entries) {
    const auto outcome =
        for_real ? undoer_.undo(entry, actor, skip_conflicts) : undoer_.preview(entry);
    if (!outcome) return not_undone(entry, outcome.error());
    out.push_back(to_json(*outcome, keys));
    if (for_real && !outcome->undone) break;
  }
  return json_response(200, json::object{{"request", number}, {"entries", std::move(out)}});
}

std::optional<HttpResponse> UndoApi::answer(const HttpRequest& request, bool local) {
  std::string_view path = request.path;
  path = path.substr(0, path.find('?'));
  if (path != kPath && !path.starts_with(std::string(kPath) + "/")) return std::nullopt;
  path.remove_prefix(std::min(path.size(), kPath.size() + 1));
  const bool for_real = request.method == "POST";
  if (!for_real && request.method != "GET") return problem(405, "only GET and POST are allowed");
  std::string actor;
  Reader reader;
  if (for_real || !local || !request.authorization.empty()) {
    const auto caller = who_asks(request, *gateway_.directory(), kScope);
    if (!caller) {
      return caller.error().code == ErrorCode::kAuthentication
                 ? problem(401, "who asks is not known", caller.error().text)
                 : failed(caller.error());
    }
    actor = caller->user;
    reader = reader_for(request, *caller);
  }
  if (path.empty() && !for_real) return list(request, reader);
  const auto number = number_in(path);
  if (!number) return problem(404, "there is no such request");
  if (!reader.databases.empty()) {
    const auto found = desk_.find(*number);
    if (!found) return failed(found.error());
    if (!reader.sees_databases(found->subject.database))
      return problem(403, "this credential is not good for that database");
  }
  if (!actor.empty() && (for_real || !reader.user.empty())) {
    if (const auto may = may_undo(*number, actor); !may) return failed(may.error());
  }
  bool skip = false;
  if (for_real && !request.body.empty()) {
    const auto body = body_of(request);
    if (!body) return failed(body.error());
    const auto* given = body->if_contains("skip_conflicts");
    skip = given != nullptr && given->is_bool() && given->get_bool();
  }
  HttpResponse response;
  response.later = [this, number = *number, actor, for_real, skip] {
    return undo(number, actor, for_real, skip);
  };
  return response;
}

}  // namespace sluice::control
