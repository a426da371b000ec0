#include "approval/request_store.h"

#include <map>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/notices.h"
#include "store/state.h"

namespace sluice::approval {
namespace {

namespace json = boost::json;

constexpr const char* kColumns =
    "number, state, created_micros, expires_micros, statement, parameters, requester, "
    "database, session, schema, policy, persons, requester_kind, environment, session_id, needs, "
    "max_rows, brief, evidence, automatic, reason, granted, used_micros, login";

json::array json_of(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object stage_json(const policy::ApprovalStage& stage) {
  json::object out{{"by", json_of(stage.groups)}, {"people", stage.people}};
  json::array on_call, escalate;
  for (const auto& entry : stage.on_call) {
    on_call.push_back(json::object{{"zone", entry.window.zone_name},
                                   {"days", entry.window.days},
                                   {"from", entry.window.from},
                                   {"to", entry.window.to},
                                   {"by", json_of(entry.groups)}});
  }
  for (const auto& step : stage.escalate) {
    escalate.push_back(
        json::object{{"after_ns", step.after.count()}, {"to", json_of(step.groups)}});
  }
  if (!on_call.empty()) out["on_call"] = std::move(on_call);
  if (!escalate.empty()) out["escalate"] = std::move(escalate);
  return out;
}

std::string to_text(const std::vector<Need>& needs) {
  json::array out;
  for (const Need& need : needs) {
    json::array stages;
    for (const auto& stage : need.stages) stages.push_back(stage_json(stage));
    out.push_back(json::object{{"rule", need.rule}, {"stages", std::move(stages)}});
  }
  return json::serialize(out);
}

std::string to_text(const std::vector<std::string>& texts) {
  return json::serialize(json::array(texts.begin(), texts.end()));
}

std::vector<std::string> texts_of(const json::value& list) {
  std::vector<std::string> out;
  for (const auto& text : list.as_array()) out.emplace_back(text.as_string());
  return out;
}

policy::ApprovalStage stage_of(const json::value& stage) {
  policy::ApprovalStage out{texts_of(stage.at("by")), stage.at("people").to_number<unsigned>()};
  if (const auto* list = stage.as_object().if_contains("on_call")) {
    for (const auto& each : list->as_array()) {
      policy::OnCall entry{{}, texts_of(each.at("by"))};
      entry.window.zone_name = each.at("zone").as_string();
      auto zone = policy::find_zone(entry.window.zone_name);
      if (!zone) throw std::runtime_error(zone.error().text);
      entry.window.zone = std::move(*zone);
      entry.window.days = each.at("days").to_number<uint8_t>();
      entry.window.from = each.at("from").to_number<int>();
      entry.window.to = each.at("to").to_number<int>();
      out.on_call.push_back(std::move(entry));
    }
  }
  if (const auto* list = stage.as_object().if_contains("escalate")) {
    for (const auto& each : list->as_array())
      out.escalate.push_back(
          {Duration(each.at("after_ns").to_number<int64_t>()), texts_of(each.at("to"))});
  }
  return out;
}

/// What `to_text` wrote; the store is ours alone, so that anything else is an exception.
std::vector<Need> needs_of(std::string_view text) {
  std::vector<Need> out;
  const json::value list = json::parse(text);
  for (const auto& each : list.as_array()) {
    Need& need = out.emplace_back();
    need.rule = each.at("rule").as_string();
    for (const auto& stage : each.at("stages").as_array()) {
      need.stages.push_back(stage_of(stage));
    }
  }
  return out;
}

std::string to_text(const std::optional<uint64_t>& rows) {
  return rows ? std::to_string(*rows) : std::string();
}

std::optional<uint64_t> rows_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return std::strtoull(text.c_str(), nullptr, 10);
}

Result<Request> row_of(const store::Statement& row) {
  Request out;
  const auto state = find_state(row.text(1));
  if (!state) return fail(ErrorCode::kProtocol, "a request in the store has an unknown state");
  out.number = row.integer(0);
  out.state = *state;
  out.created_micros = row.integer(2);
  out.expires_micros = row.integer(3);
  out.subject = {row.text(4), row.text(5), row.text(6), row.text(7),
                 row.text(8), row.text(9), row.text(10)};
  out.requester_kind = row.text(12);
  out.environment = row.text(13);
  out.session_id = static_cast<uint64_t>(row.integer(14));
  out.max_rows = rows_of(row.text(16));
  out.brief = row.text(17);
  out.automatic = row.integer(19) != 0;
  out.reason = row.text(20);
  out.granted = row.text(21);
  out.used_micros = row.integer(22);
  try {
    out.persons = texts_of(json::parse(row.text(11)));
    out.needs = needs_of(row.text(15));
    out.evidence = texts_of(json::parse(row.text(18)));
  } catch (const std::exception& error) {
    return fail(ErrorCode::kProtocol, fmt::format("request {} in the store cannot be read: {}",
                                                  out.number, error.what()));
  }
  SLUICE_ASSIGN(out.login, login_of(row.text(23)));
  return out;
}

}  // namespace

Result<int64_t> RequestStore::add(const Request& request) {
  const Subject& subject = request.subject;
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto insert,
                database_.prepare(
                    "INSERT INTO approval_requests (state, created_micros, expires_micros, "
                    "statement, parameters, requester, database, session, schema, "
                    "policy, persons, requester_kind, environment, session_id, needs, "
                    "max_rows, brief, evidence, automatic, reason, granted, used_micros, login) "
                    "VALUES ('waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', "
                    "'', 0, ?) RETURNING number"));
  SLUICE_ASSIGN(const int64_t number, insert.bind(1, request.created_micros)
                                          .bind(2, request.expires_micros)
                                          .bind_blob(3, subject.statement)
                                          .bind_blob(4, subject.parameters)
                                          .bind(5, subject.requester)
                                          .bind(6, subject.database)
                                          .bind_blob(7, subject.session)
                                          .bind(8, subject.schema)
                                          .bind(9, subject.policy)
                                          .bind(10, to_text(request.persons))
                                          .bind(11, request.requester_kind)
                                          .bind(12, request.environment)
                                          .bind(13, static_cast<int64_t>(request.session_id))
                                          .bind(14, to_text(request.needs))
                                          .bind(15, to_text(request.max_rows))
                                          .bind(16, request.brief)
                                          .bind(17, to_text(request.evidence))
                                          .bind(18, to_text(request.login))
                                          .run_returning());
  std::vector<std::string_view> rules;
  for (const Need& need : request.needs) rules.push_back(need.rule);
  SLUICE_TRY(store::leave_event(
      database_, "approval", subject.requester,
      fmt::format("request {}: asks to run a statement in \"{}\" that {} holds, session {}", number,
                  subject.database, fmt::join(rules, ", "), request.session_id)));
  if (!request.automatic)
    SLUICE_TRY(store::leave_notice(database_, "asked", number, subject.requester, ""));
  SLUICE_TRY(transaction.commit());
  return number;
}

/// Those of several requests are read at once.
Result<> RequestStore::read_votes(std::vector<Request>& requests) {
  if (requests.empty()) return {};
  std::map<int64_t, Request*> of;
  for (Request& request : requests) of[request.number] = &request;
  std::vector<int64_t> numbers;
  for (const auto& [number, request] : of) numbers.push_back(number);
  SLUICE_ASSIGN(auto query,
                database_.prepare(fmt::format(
                    "SELECT request, voter, verdict, comment, authentication, time_micros, "
                    "max_rows, on_behalf FROM approval_votes WHERE request IN ({}) ORDER BY id",
                    fmt::join(numbers, ", "))));
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return {};
    const auto verdict = find_verdict(query.text(2));
    if (!verdict) return fail(ErrorCode::kProtocol, "a vote in the store has no known verdict");
    of[query.integer(0)]->votes.push_back({query.text(1), *verdict, query.text(3), query.text(4),
                                           query.integer(5), rows_of(query.text(6)),
                                           query.text(7)});
  }
}

Result<Request> RequestStore::find(int64_t number) {
  SLUICE_ASSIGN(auto query, database_.prepare(fmt::format(
                                "SELECT {} FROM approval_requests WHERE number = ?", kColumns)));
  query.bind(1, number);
  SLUICE_ASSIGN(const bool row, query.step());
  if (!row)
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no request {}; see: sluice approval list", number));
  std::vector<Request> found(1);
  SLUICE_ASSIGN(found[0], row_of(query));
  SLUICE_TRY(read_votes(found));
  return std::move(found[0]);
}

Result<std::vector<Request>> RequestStore::all_of(store::Statement& query) {
  std::vector<Request> out;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) break;
    SLUICE_ASSIGN(auto request, row_of(query));
    out.push_back(std::move(request));
  }
  SLUICE_TRY(read_votes(out));
  return out;
}

Result<std::vector<Request>> RequestStore::list(const Wanted& wanted) {
  // Only what is asked for, so that an index serves it.
  std::string conditions = "number < ?";
  if (wanted.state) conditions += " AND state = ?";
  if (!wanted.requester.empty()) conditions += " AND requester = ?";
  SLUICE_ASSIGN(auto query,
                database_.prepare(fmt::format(
                    "SELECT {} FROM approval_requests WHERE {} ORDER BY number DESC LIMIT ?",
                    kColumns, conditions)));
  int place = 0;
  query.bind(++place, wanted.before == 0 ? INT64_MAX : wanted.before);
  if (wanted.state) query.bind(++place, name_of(*wanted.state));
  if (!wanted.requester.empty()) query.bind(++place, wanted.requester);
  query.bind(++place, static_cast<int64_t>(wanted.limit));
  return all_of(query);
}

Result<std::vector<Request>> RequestStore::open(const Subject& subject) {
  SLUICE_ASSIGN(auto query, database_.prepare(fmt::format(
                                "SELECT {} FROM approval_requests WHERE state IN ('waiting', "
                                "'approved') AND automatic = 0 AND requester = ? AND database = ? "
                                "AND statement = ? ORDER BY number DESC LIMIT 100",
                                kColumns)));
  query.bind(1, subject.requester).bind(2, subject.database).bind_blob(3, subject.statement);
  return all_of(query);
}

Result<std::vector<RequestStore::Open>> RequestStore::all_open() {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT number, state = 'waiting', expires_micros FROM "
                                  "approval_requests WHERE state IN ('waiting', 'approved')"));
  std::vector<Open> out;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return out;
    out.push_back({query.integer(0), query.integer(1) != 0, query.integer(2)});
  }
}

Result<> RequestStore::add_vote(const Request& request, const Vote& vote) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(
      auto insert,
      database_.prepare(
          "INSERT INTO approval_votes (request, voter, verdict, comment, "
          "authentication, time_micros, max_rows, on_behalf) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  SLUICE_TRY(insert.bind(1, request.number)
                 .bind(2, vote.voter)
                 .bind(3, name_of(vote.verdict))
                 .bind(4, vote.comment)
                 .bind(5, vote.authentication)
                 .bind(6, vote.time_micros)
                 .bind(7, to_text(vote.max_rows))
                 .bind(8, vote.on_behalf)
                 .run());
  std::string said = vote.verdict == Verdict::kApprove  ? "approved"
                     : vote.verdict == Verdict::kReject ? "rejected"
                                                        : "commented on";
  if (!vote.on_behalf.empty()) said += " for " + vote.on_behalf;
  SLUICE_TRY(store::leave_event(
      database_, "approval", vote.voter,
      fmt::format("request {} of {}: {}{}{}", request.number, request.subject.requester, said,
                  vote.comment.empty() ? "" : ": ", vote.comment)));
  SLUICE_TRY(store::leave_notice(
      database_, "voted", request.number, vote.voter,
      fmt::format("{}{}{}", said, vote.comment.empty() ? "" : ": ", vote.comment)));
  return transaction.commit();
}

Result<bool> RequestStore::changed(store::Statement& update, const std::string& actor,
                                   const std::string& message, const Told& told) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(update.run());
  if (database_.changes() != 1) return false;
  SLUICE_TRY(store::leave_event(database_, "approval", actor, message));
  SLUICE_TRY(store::leave_notice(database_, told.event, told.request, actor, told.said));
  SLUICE_TRY(transaction.commit());
  return true;
}

Result<bool> RequestStore::approve(const Request& request) {
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE approval_requests SET state = 'approved', granted = ?, "
                                  "automatic = ?, evidence = ?, max_rows = ? WHERE number = ? AND "
                                  "state = 'waiting'"));
  update.bind(1, request.granted)
      .bind(2, static_cast<int64_t>(request.automatic))
      .bind(3, to_text(request.evidence))
      .bind(4, to_text(request.max_rows))
      .bind(5, request.number);
  std::string message = fmt::format(
      "request {}: may run once until {}, {}", request.number, format_time(request.expires_micros),
      request.max_rows ? fmt::format("at most {} rows", *request.max_rows)
                       : "rows not limited by it");
  if (request.automatic)
    message += fmt::format("; approved automatically: {}", fmt::join(request.evidence, "; "));
  return changed(update, "sluice", message,
                 {"approved", request.number, request.automatic ? "automatically" : ""});
}

Result<bool> RequestStore::close(const Request& request, State from, State to,
                                 const std::string& actor, const std::string& why) {
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE approval_requests SET state = ?, reason = ? WHERE number "
                                  "= ? AND state = ?"));
  update.bind(1, name_of(to)).bind(2, why).bind(3, request.number).bind(4, name_of(from));
  return changed(
      update, actor,
      fmt::format("request {}: {}{}{}", request.number, name_of(to), why.empty() ? "" : ": ", why),
      {name_of(to), request.number, why});
}

Result<bool> RequestStore::use(const Request& request, int64_t now_micros) {
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE approval_requests SET state = 'used', used_micros = ? "
                                  "WHERE number = ? AND state = 'approved' AND granted = ?"));
  update.bind(1, now_micros).bind(2, request.number).bind(3, request.granted);
  return changed(update, request.subject.requester,
                 fmt::format("request {}: run", request.summary()), {"run", request.number, ""});
}

Result<bool> RequestStore::escalate(const Request& request, Duration after,
                                    const std::vector<std::string>& groups) {
  SLUICE_ASSIGN(auto insert,
                database_.prepare("INSERT INTO approval_escalations VALUES (?, ?) ON CONFLICT DO "
                                  "NOTHING"));
  insert.bind(1, request.number)
      .bind(2, std::chrono::duration_cast<std::chrono::microseconds>(after).count());
  const std::string said = fmt::format("{} decide too from now on", fmt::join(groups, ", "));
  return changed(insert, "sluice", fmt::format("request {}: {}", request.number, said),
                 {"escalated", request.number, said});
}

Result<int64_t> RequestStore::latest_time() {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT coalesce(max(micros), 0) FROM approval_clock"));
  SLUICE_ASSIGN([[maybe_unused]] const bool row, query.step());
  return query.integer(0);
}

Result<> RequestStore::note_time(int64_t micros) {
  SLUICE_ASSIGN(auto note, database_.prepare("INSERT INTO approval_clock VALUES (1, ?) ON CONFLICT "
                                             "(one) DO UPDATE SET micros = "
                                             "excluded.micros WHERE approval_clock.micros < "
                                             "excluded.micros"));
  return note.bind(1, micros).run();
}

}  // namespace sluice::approval
