// Session: what its client may still use, of rates and budgets, and what it has read.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/budgets.h"
#include "gateway/changes.h"
#include "gateway/free_text.h"
#include "gateway/refusal_facts.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// People who only look at things by themselves are not braked.
bool is_agent(const Acting& acting, const policy::Principal& who) {
  return who.kind == policy::PrincipalKind::kAgent || acting.said_now.any();
}

/// How many statements of a text count for a rate: those that control transactions do not.
uint32_t statements_of(const sql::StatementFacts& facts) {
  const size_t controls = std::min(facts.transaction.size(), facts.statements);
  return static_cast<uint32_t>(std::max<size_t>(1, facts.statements - controls));
}

/// `count` statements are more than the rate of `user` has room for.
std::shared_ptr<const policy::Decision> too_often(const Admission& admission,
                                                  const policy::Decision& decision,
                                                  const std::string& user,
                                                  const policy::Bound<uint32_t>& rate,
                                                  uint32_t count, Duration wait) {
  auto denied = std::make_shared<policy::Decision>(decision);
  denied->effect = policy::Effect::kDeny;
  denied->rule = rate.rule;
  denied->sqlstate = "53400";
  const std::string whom = user == admission.user ? "" : user + " ";
  denied->message = fmt::format("more than {} statements a minute: rule \"{}\" allows {}no more",
                                rate.most, rate.rule, whom);
  denied->hint = "Wait a minute, or ask for a wider limit.";
  boost::json::object facts{{"user", user},
                            {"database", admission.database->config().name},
                            {"environment", admission.database->config().environment},
                            {"statements_per_minute", rate.most}};
  if (count > 1) facts["statements"] = count;
  if (count > rate.most) {
    denied->message += fmt::format(", and the text has {} of them", count);
    denied->hint = "Send fewer of them at once, or ask for a wider limit.";
  } else {
    facts["retry_after_seconds"] = wait / std::chrono::seconds(1) + 1;
  }
  denied->detail = refusal_detail(*denied, std::move(facts));
  return denied;
}

}  // namespace

Spender spender_of(const Admission& admission, const Acting& acting, int64_t now_micros) {
  const auto& config = admission.database->config();
  return {admission.principal, {config.name, config.environment}, acting.said_now.run, now_micros};
}

bool is_tainted(const Acting& acting, const policy::Principal& who, const policy::Policy& policy,
                const Taints& taints, int64_t now_micros) {
  return policy.asks_taint() &&
         (acting.tainted || (is_agent(acting, who) &&
                             taints.any(Taints::whose(who, acting.said_now.run), now_micros)));
}

bool Session::within_rate(const Statement* text, DecisionPtr& decision, DecisionPtr& refused) {
  auto& agents = worker_.shared().agents;
  const auto& policy = worker_.runtime()->policy;
  // What was decided on at Bind is decided on anew once free text has been read: nothing that was
  // prepared before gets around the brake.
  if (text != nullptr && decision && decision->approval.empty() &&
      is_tainted(acting_, admission_.principal, *policy, agents.taints, now_.wall_micros) &&
      !(refused = decide(*text, decision->estimated_rows))->allowed()) {
    return false;
  }
  if (policy->asks_taint() && is_agent(acting_, admission_.principal) &&
      !agents.taints.has_room(Taints::whose(admission_.principal, acting_.said_now.run),
                              admission_.user, now_.wall_micros)) {
    refused = too_many_runs();
    return false;
  }
  if (decision &&
      (refused = no_capture(*decision, worker_.shared().results, *worker_.runtime()->config))) {
    return false;
  }
  // The statements of a text that is sent in pieces have been counted as it came.
  const uint32_t count = text == nullptr ? 1 : statements_of(text->facts());
  const bool counts = decision && !(redone_ && redone_->paid) && !split_.under_way;
  if (!counts || !(refused = take_rates(*decision, count))) {
    acting_.spending.reset();
    auto spending = afford(agents.ledger, policy, spender_of(admission_, acting_, now_.wall_micros),
                           text == nullptr ? nullptr : &text->facts(), decision);
    if (!spending) {
      refused = spending.error();
      return false;
    }
    if (*spending && text != nullptr && needs_counting(text->facts().writes, *decision) &&
        (refused = uncountable(text->facts()))) {
      return false;
    }
    acting_.spending = std::move(*spending);
    return true;
  }
  return false;
}

/// Counts for its own rate, and for those of whom it acts for. Null: each has room.
Session::DecisionPtr Session::take_rates(const policy::Decision& decision, uint32_t count) {
  const auto& limits = decision.limits;
  if (!limits.statements_per_minute) return nullptr;
  auto& rates = worker_.shared().rates;
  const auto take = [&](const std::string& user,
                        const policy::Bound<uint32_t>& rate) -> DecisionPtr {
    if (rates.take(user, rate.rule, rate.most, now_.steady, count)) return nullptr;
    const Duration wait = rates.wait(user, rate.rule, rate.most, now_.steady, count);
    return too_often(admission_, decision, user, rate, count, wait);
  };
  auto refused = take(admission_.user, *limits.statements_per_minute);
  for (const auto& [user, rate] : limits.rates_of_others) {
    if (!refused) refused = take(user, rate);
  }
  return refused;
}

/// What binds it while it runs. That it returns free text is known before it is sent, so that
/// nothing that stands behind it in a pipeline gets past.
void Session::note_limits(Expected& entry) {
  entry.spending = std::move(acting_.spending);
  if (entry.spending) entry.spending->use(policy::Amount::kPlannerCost);
  const Database& database = *admission_.database;
  if (entry.text && !acting_.tainted && worker_.runtime()->policy->asks_taint() &&
      is_agent(acting_, admission_.principal) &&
      returns_free_text(entry.text->facts(), scope_.scope ? scope_.scope->catalog.get() : nullptr,
                        database.has_catalog() ? database.labels().current().get() : nullptr)) {
    worker_.shared().agents.taints.mark(Taints::whose(admission_.principal, acting_.said_now.run),
                                        admission_.user, now_.wall_micros);
    acting_.tainted = true;
    context_ = audit::EncodedContext(context());
  }
  bound_commit(entry);
  auto& notified = cutting_.notified;
  notified.listens = notified.listens || (entry.text && may_listen(entry.text->facts()));
  if (!entry.decision || !entry.decision->limits.on_results()) return;
  entry.limited = true;
  if (notified.listens) notified.bound(entry.decision);
  if (split_.under_way) entry.of_text = split_.taken;
  count_from(entry);
  if (!entry.counted) cutting_.ahead = true;
  if (const auto& most = entry.decision->limits.duration) {
    // What stands before it is answered as it ends, so that this one's time is counted by itself.
    if (expected_.size() > 1 && since_sync_) {
      flush_to_server();
      std::string out;
      pg::encode_flush(out);
      server_->stream().send(Bytes(out));
    }
    watch_duration(most->most);
  }
}

/// What was used of its budgets before is found in the log first, once after a start or a change of
/// the policy.
bool Session::count_use_first(const Piece& piece) {
  const auto policy = worker_.runtime()->policy;
  if (policy->budgets().empty() || (redone_ && redone_->use_counted)) return false;
  auto& controls = worker_.shared().agents;
  auto budgets =
      uncounted(controls.ledger, *policy, spender_of(admission_, acting_, now_.wall_micros));
  if (budgets.empty()) return false;
  defer(piece, kCountingUse);
  deferred_->use_counted = true;
  controls.counting.submit([&controls, &log = worker_.shared().log, &worker = worker_, id = id_,
                            policy, budgets = std::move(budgets), now = now_.wall_micros,
                            directory = worker_.runtime()->directory] {
    count_history(controls.ledger, policy, budgets, *directory, log.directory(), now);
    worker.post([id](Worker& self) {
      if (Session* session = self.find_session(id)) session->take_deferred(kCountingUse);
    });
  });
  return true;
}

}  // namespace sluice::gateway
