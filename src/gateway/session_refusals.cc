// Session: how a refusal reaches the client, as an error of the server would.
#include "base/authentication.h"
#include "gateway/refusal_facts.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

/// What would be allowed to somebody who has just proved who they are, with a second factor: then
/// that is what the refusal tells them to do.
Session::DecisionPtr Session::with_step_up(const Statement& statement, DecisionPtr denied) const {
  if (denied->effect != policy::Effect::kDeny || !statement.meaning) return denied;
  policy::Principal fresh = principal_->principal;
  fresh.authenticated_micros = now_.wall_micros;
  policy::Circumstances now = circumstances(&statement.facts());
  now.authenticated_micros = now_.wall_micros;
  const auto allowed = [&](const policy::Principal& who) {
    const auto principal = worker_.principals().intern(who);
    const auto verdict =
        statement.meaning->judgement(worker_.runtime()->policy, *principal, *admission_.database)
            .decide(now);
    return verdict->effect != policy::Effect::kDeny;
  };
  const bool recent = allowed(fresh);
  if (!recent) {
    fresh.authentication = kByTotp;
    fresh.amr = {"pwd", "otp", "mfa"};
    if (!allowed(fresh)) return denied;
  }
  auto told = std::make_shared<policy::Decision>(*denied);
  if (!told->hint.empty()) told->hint += " ";
  told->hint += recent
                    ? "Prove anew who you are: sluice login"
                    : "Prove who you are with a second factor: sluice login, with a one-time code";
  told->hint += admission_.principal.credential.empty()
                    ? ", and connect with what it keeps (sluice connect)."
                    : "; this session counts it within seconds.";
  return told;
}

std::string Session::refusal_response(const policy::Decision& decision) const {
  pg::ErrorFields fields;
  fields.set_severity("ERROR");
  fields.set(pg::kFieldSqlstate, decision.sqlstate);
  fields.set(pg::kFieldMessage, decision.message);
  // The server's own errors go on as they are.
  if (!decision.detail.empty()) {
    fields.set(pg::kFieldDetail, decision.detail);
  } else if (!decision.rule.empty() && decision.rule != "server-error" && admission_.database) {
    const auto& target = admission_.database->config();
    fields.set(pg::kFieldDetail, refusal_detail(decision, {{"user", admission_.user},
                                                           {"database", target.name},
                                                           {"environment", target.environment}}));
  }
  if (!decision.hint.empty()) fields.set(pg::kFieldHint, decision.hint);
  if (decision.position > 0) fields.set(pg::kFieldPosition, std::to_string(decision.position));
  std::string out;
  pg::encode_error_response(out, fields);
  return out;
}

Session::Pass Session::refuse_query(audit::Phase phase, const Statement* statement,
                                    const DecisionPtr& decision) {
  if (!record_refusal(phase, {}, statement, *decision)) return Pass::kStop;
  // A failing statement also takes the unnamed one away; only the server can do that.
  const bool takes_unnamed = phase == audit::Phase::kSimple && prepared_.find({}) != nullptr;
  split_.failed = true;
  if (expected_.empty() && !since_sync_ && transaction_ != 'T' && !takes_unnamed) {
    (void)split_goes_on();
    std::string out = refusal_response(*decision);
    pg::encode_ready_for_query(out, transaction_);
    send_to_client(Bytes(out));
    return Pass::kDrop;
  }
  Expected& entry = expect(RequestKind::kQuery);
  entry.refused = true;
  entry.decision = decision;
  since_sync_ = false;
  replacement_.clear();
  pg::encode_query(replacement_, failing_text());
  return Pass::kReplace;
}

/// The error, and nothing more until the client's Sync.
Session::Pass Session::refuse_extended(std::string_view name, const Statement* statement,
                                       const DecisionPtr& decision, bool parsing) {
  if (!record_refusal(audit::Phase::kParse, name, statement, *decision)) return Pass::kStop;
  skip_until_sync_ = true;
  // A failing Parse also takes the unnamed statement away; only the server can do that.
  const bool takes_unnamed = parsing && name.empty();
  if (expected_.empty() && !since_sync_ && transaction_ != 'T' &&
      !(takes_unnamed && prepared_.find({}) != nullptr)) {
    local_sync_ = true;
    send_to_client(Bytes(refusal_response(*decision)));
    return Pass::kDrop;
  }
  Expected& entry = expect(RequestKind::kParse);
  entry.refused = true;
  entry.decision = decision;
  if (!takes_unnamed) entry.statement = kFailingName;
  since_sync_ = true;
  replacement_.clear();
  pg::encode_parse(replacement_, entry.statement, failing_text());
  return Pass::kReplace;
}

/// A function called by message: mostly refused.
Session::Pass Session::on_function_call() {
  ++statements_;
  // It is no statement that could be run for show.
  if (admission_.dry_run || !admission_.database->config().allow_function_call) {
    static const auto kRefused =
        refusal("no-function-call", "42501", "function calls by message are not allowed",
                "Call the function in a SELECT statement instead.");
    return refuse_query(audit::Phase::kFunctionCall, nullptr, kRefused);
  }
  if (acting_.stated.trains()) {
    return refuse_query(audit::Phase::kFunctionCall, nullptr, bound_without_terms());
  }
  if (worker_.runtime()->policy->captures()) {
    return refuse_query(audit::Phase::kFunctionCall, nullptr, no_capture_of_function_calls());
  }
  if (admission_.database->config().identity.guarded()) {
    static const auto kRefused =
        refusal("identity-at-server", "42501",
                "a function called by message might change whose session this is",
                "Call the function in a SELECT statement instead.");
    return refuse_query(audit::Phase::kFunctionCall, nullptr, kRefused);
  }
  if (admission_.database->config().masking) {
    static const auto kRefused =
        refusal("masked-columns", "42501", "what a function call by message returns is not masked",
                "Call the function in a SELECT statement instead.");
    return refuse_query(audit::Phase::kFunctionCall, nullptr, kRefused);
  }
  expect(RequestKind::kFunctionCall);
  settings_uncertain_ = true;
  stamping_.now = 0;
  // Nobody knows what the function does.
  names_.now |= kPathDoubt | kTemporaryDoubt;
  changes_known_ = false;
  ++epoch_;
  unseen_prepares_ = true;
  opened_.take(worker_.runtime()->policy->version(), principal_->id, true);
  return Pass::kForward;
}

}  // namespace sluice::gateway
