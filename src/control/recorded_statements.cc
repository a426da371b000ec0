#include "control/recorded_statements.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <tuple>

namespace sluice::control {
namespace {

/// As the record has them. Old records do not tell the kind: that of today is taken.
void take_kind(const audit::SessionContext& context, const policy::Principal& now,
               policy::Principal& principal) {
  using enum policy::PrincipalKind;
  if (context.kind.empty()) {
    principal.kind = now.kind;
    principal.attributes = now.attributes;
    return;
  }
  for (const auto kind : {kHuman, kService, kAgent}) {
    if (context.kind == policy::name_of(kind)) principal.kind = kind;
  }
  for (const std::string& attribute : context.attributes) {
    const size_t equals = attribute.find('=');
    if (equals == std::string::npos) continue;
    principal.attributes[attribute.substr(0, equals)] = attribute.substr(equals + 1);
  }
}

/// Those for whom it acted, as they are today; itself also with groups of today, since the record
/// has only those that it shares with them.
std::shared_ptr<const std::vector<policy::Identity>> chain_of(
    const policy::Principal& recorded, const policy::Principal& now,
    const RecordedStatements::Today& today) {
  auto chain = std::make_shared<std::vector<policy::Identity>>();
  policy::Identity& own = chain->emplace_back(recorded);
  for (const auto& group : now.groups) {
    if (std::find(own.groups.begin(), own.groups.end(), group) == own.groups.end())
      own.groups.push_back(group);
  }
  const auto add = [&](const std::string& user, bool behind_service) {
    const bool known = std::any_of(chain->begin(), chain->end(),
                                   [&](const auto& each) { return each.user == user; });
    if (known) return;
    const auto found = today(user);
    if (found) {
      chain->push_back(*found);
    } else if (!behind_service && user == recorded.actors.back()) {
      chain->push_back({user, {}, policy::PrincipalKind::kHuman, {}, false});
    } else {
      return;  // Of another directory, or the service's own.
    }
    chain->back().behind_service = behind_service;
  };
  for (const auto& actor : recorded.actors) add(actor, false);
  if (!recorded.end_user.empty()) add(recorded.end_user, true);
  if (chain->size() == 1) return nullptr;
  return chain;
}

policy::Principal principal_of(audit::SessionContext& context, const policy::Principal& now,
                               const RecordedStatements::Today& today) {
  policy::Principal out;
  take_kind(context, now, out);
  out.user = context.user;
  out.groups = std::move(context.groups);
  out.actors = std::move(context.actors);
  out.authentication = context.authentication;
  out.issuer = context.issuer;
  out.acr = context.acr;
  out.authenticated_micros = context.authenticated_micros;
  out.amr = std::move(context.amr);
  out.end_user = context.end_user;
  if (!out.actors.empty() || !out.end_user.empty()) out.chain = chain_of(out, now, today);
  return out;
}

/// "public.orders 42".
std::vector<std::pair<std::string, uint64_t>> changed_of(const std::vector<std::string>& entries) {
  std::vector<std::pair<std::string, uint64_t>> out;
  for (const std::string& entry : entries) {
    const size_t space = entry.rfind(' ');
    uint64_t rows = 0;
    if (space == std::string::npos) continue;
    std::from_chars(entry.data() + space + 1, entry.data() + entry.size(), rows);
    out.emplace_back(entry.substr(0, space), rows);
  }
  return out;
}

/// Reads what stands before the next `end`, and goes on behind it.
std::optional<uint64_t> number_before(std::string_view& text, std::string_view end) {
  const size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(0, at);
  text.remove_prefix(at + end.size());
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  return value;
}

bool skip_to(std::string_view& text, std::string_view words) {
  const size_t at = text.find(words);
  if (at == std::string_view::npos) return false;
  text.remove_prefix(at + words.size());
  return true;
}

/// The limit that a message of the gateway is about: "UPDATE would change 50 rows, more than the 5
/// that rule …".
std::optional<policy::PassedLimit> passed_by(std::string_view message) {
  std::string_view text = message;
  if (skip_to(text, " would change ")) {
    const auto got = number_before(text, " ");
    const bool rows = text.starts_with("rows,");
    if (!got || !skip_to(text, "more than the ")) return std::nullopt;
    const auto most = number_before(text, " ");
    if (!most) return std::nullopt;
    return policy::PassedLimit{rows ? "rows_changed" : "tables_changed", *most, *got};
  }
  static constexpr std::tuple<std::string_view, std::string_view, const char*> kForms[] = {
      {"the result has more than the ", " rows that rule ", "rows"},
      {"the result has more than the ", " bytes that rule ", "bytes"},
      {"the statement ran longer than the ", " ms that rule ", "duration_ms"},
      {"more than ", " statements a minute: rule ", "statements_per_minute"}};
  for (const auto& [begin, end, limit] : kForms) {
    text = message;
    if (!text.starts_with(begin)) continue;
    text.remove_prefix(begin.size());
    if (const auto most = number_before(text, end)) return policy::PassedLimit{limit, *most, 0};
  }
  return std::nullopt;
}

/// By the command tags of the server.
bool controls_transaction(std::string_view kind) {
  constexpr std::string_view kTags[] = {
      "BEGIN",   "START TRANSACTION",  "COMMIT", "ROLLBACK", "SAVEPOINT",
      "RELEASE", "PREPARE TRANSACTION"};
  return std::find(std::begin(kTags), std::end(kTags), kind) != std::end(kTags);
}

void take_fate(const audit::Record& record, policy::RecordedStatement& out) {
  using policy::Fate;
  out.ran = record.outcome != audit::Outcome::kDenied;
  out.rule = record.rule;
  const bool ended = record.outcome == audit::Outcome::kLimited;
  // What a limit has ended carries the gateway's own SQLSTATE: without the limit it would stand.
  out.failed = out.ran && !ended && !record.sqlstate.empty();
  // Refusals that are of no version of a policy are none of a policy.
  out.by_gateway = (ended || !out.ran) && record.policy_version.empty();
  if (ended || !out.ran) out.passed = passed_by(record.message);
  if (out.ran) {
    // What people had to approve was held, and would be now.
    out.fate = !record.approval.empty() ? Fate::kHold : ended ? Fate::kLimited : Fate::kAllow;
    return;
  }
  // A hold is refused until somebody can approve it, and says so.
  const bool held = record.message.find("held for approval") != std::string::npos;
  out.fate = held ? Fate::kHold : out.passed ? Fate::kLimited : Fate::kDeny;
}

policy::RecordedStatement statement_of(audit::Record record, const policy::Principal& now,
                                       const RecordedStatements::Today& today) {
  policy::RecordedStatement out;
  take_fate(record, out);
  out.id = record.sequence;
  out.time_micros = record.time_micros;
  out.target = {record.context.database, record.context.environment};
  out.cut = record.text_length > record.text.size();
  out.client_address = record.context.client_address;
  out.application = record.context.application;
  out.run = !record.context.run.empty();
  out.prompt = !record.context.prompt.empty();
  out.tainted = record.context.tainted;
  out.principal = principal_of(record.context, now, today);
  // Only issuers give claims.
  out.claims_known = out.principal.issuer.empty();
  out.purpose = record.purpose;
  out.sent = record.phase == audit::Phase::kExecute ? policy::Sent::kExecuted
             : record.phase == audit::Phase::kParse ? policy::Sent::kParsed
                                                    : policy::Sent::kWhole;
  out.controls = controls_transaction(record.kind);
  if (record.estimated_rows) out.estimated_rows = static_cast<double>(*record.estimated_rows);
  out.rows = record.rows;
  out.bytes = record.bytes;
  out.duration_micros = record.duration_micros;
  if (!record.changed.empty()) out.changed = changed_of(record.changed);
  out.text = std::move(record.text);
  return out;
}

}  // namespace

/// Whether it ran in a transaction that was open before it, by what the records before have told.
bool RecordedStatements::within_transaction(const audit::Record& record) {
  const uint64_t number = record.transaction;
  if (record.outcome == audit::Outcome::kDenied) return number != 0;
  if (number == 0) return false;
  const uint64_t session = record.context.session_id;
  const auto open = open_.find(session);
  const bool known = open != open_.end() && open->second == number;
  const bool goes_on = record.transaction_outcome == audit::TransactionOutcome::kOpen;
  if (goes_on) {
    open_[session] = number;
  } else if (open != open_.end()) {
    open_.erase(open);
  }
  // Its BEGIN may stand before what was asked for.
  return known || (goes_on && record.kind != "BEGIN" && record.phase == audit::Phase::kSimple);
}

std::optional<policy::RecordedStatement> RecordedStatements::take(audit::Record record) {
  // A text that was parsed and then run stands there twice, and is judged once.
  if (record.outcome == audit::Outcome::kSkipped || record.text.empty()) return std::nullopt;
  const std::string& user = record.context.user;
  auto found = principals_.find(user);
  if (found == principals_.end())
    found = principals_.emplace(user, today_(user).value_or(policy::Principal())).first;
  const bool within = within_transaction(record);
  auto statement = statement_of(std::move(record), found->second, today_);
  statement.in_transaction = within;
  return statement;
}

}  // namespace sluice::control
