// Session: Execute, which runs what was bound if that is still allowed.
#include <fmt/format.h>

#include "gateway/budgets.h"
#include "gateway/execution.h"
#include "gateway/in_flight.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

Session::Pass Session::on_execute(const Piece& piece) {
  const auto execute = pg::decode_execute(piece.body());
  if (!execute) return reject_client(execute.error().text);
  if (execute->portal.size() > pg::kLongestName) return reject_client(kNameTooLong);
  // What ran since its Bind may have changed what names mean, and whom the server takes the client
  // for.
  if (!settle_names()) return defer(piece, kNaming);
  if (names_.problem) {
    return refuse_extended({}, nullptr, std::exchange(names_.problem, nullptr));
  }
  DecisionPtr refused;
  if (!has_room(refused)) return refuse_extended({}, nullptr, refused);
  if (portal_in_flight(expected_, execute->portal)) return defer(piece, kQueue);
  Execution run;
  if (auto why = find_execution(execute->portal, run)) return refuse_extended({}, nullptr, why);
  // The server has failed by then, and skips.
  if (run.bind != nullptr && run.bind->malformed) return Pass::kDrop;
  if (auto why = decide_execution(run)) return refuse_extended({}, run.text.get(), why);
  bound_at_server(run.text.get(), run.decision.get());
  const bool counted = run.decision && needs_counting(run.writes, *run.decision);
  // A portal that is suspended has no tag yet.
  const bool by_tag =
      counted && execute->max_rows == 0 && tag_counts(run.text.get(), *run.decision);
  bool go_on = true;
  if (counted) {
    const Pass pass = begin_counted_execute(piece, *run.decision, by_tag, go_on);
    if (!go_on) {
      acting_.spending.reset();
      deferred_->paid = true;
      return pass;
    }
  }
  return forward_execute(piece, execute->portal, std::move(run), counted, by_tag);
}

/// Fills `run` with what `name` stands for once all that was sent has been answered; or says why
/// that is not known.
Session::DecisionPtr Session::find_execution(Bytes name, Execution& run) {
  const BindAhead ahead = bind_ahead(expected_, name);
  run.bind = ahead.bind;
  run.portal = prepared_.find_portal(name);
  const bool stands = run.bind == nullptr && run.portal != nullptr;
  if ((run.bind != nullptr && ahead.other) || (stands && (ahead.other || run.portal->doubtful))) {
    return refusal("portal-in-flight", "34000",
                   fmt::format("what portal \"{}\" stands for is not known", name),
                   "Send Sync before it is executed, or bind it anew.");
  }
  if (run.bind != nullptr) {
    run.text = run.bind->text;
    run.decision = run.bind->decision;
    run.writes = run.bind->writes;
    run.scope = run.bind->scope;
    run.source = run.bind->source;
    run.terms = run.bind->terms;
    return nullptr;
  }
  if (stands) {
    run.text = run.portal->prepared.text;
    run.decision = run.portal->prepared.decision;
    run.writes = run.portal->writes;
    run.scope = run.portal->prepared.scope;
    run.source = run.portal->prepared.source;
    run.terms = run.portal->terms;
    run.before = run.portal->taken;
    // Its plan was paid for when it was begun.
    if (run.before.rows > 0 && run.decision && run.decision->planner_cost)
      run.decision = costing(run.decision, 0);
    return nullptr;
  }
  // A cursor that SQL has opened, if anything.
  const std::string cursor(name);
  if (auto why = cursor_under_policy(cursor)) return why;
  run.decision = bounds_of_cursor(cursor);
  run.writes = opened_.write;
  return nullptr;
}

/// Why `run` may not go on; else nothing, and it is bounded by what holds now.
Session::DecisionPtr Session::decide_execution(Execution& run) {
  executing_.clear();
  const Statement* text = run.text.get();
  if (auto why = means_otherwise(run)) return why;
  if (!run.terms && acting_.stated.trains() && (!text || returns_data(text->facts()))) {
    return bound_without_terms();
  }
  if (text && run.decision) {
    if (auto why = decide_bound(run)) return why;
  }
  DecisionPtr refused;
  if (!within_rate(text, run.decision, refused) ||
      (run.decision && text && !may_guess(masking_of(*text).get(), refused))) {
    acting_.spending.reset();
    return refused;
  }
  return nullptr;
}

/// The same for what has a text, by the policy and for whom it is now, and by what the cursors and
/// prepared statements that it names have come to stand for since its Bind.
Session::DecisionPtr Session::decide_bound(Execution& run) {
  const auto& facts = run.text->facts();
  // What has begun goes on as it was decided on, but under no other policy and for nobody else.
  const bool goes_on = run.before.rows > 0 && run.bound().principal == principal_->id &&
                       run.decision->policy_version == worker_.runtime()->policy->version();
  if (!goes_on) {
    run.decision = decide_anew(*run.text, std::move(run.decision), run.bound(), run.writes);
    if (!run.decision->allowed()) return run.decision;
  }
  if (!facts.cursors.empty()) bound_by_cursors(facts, run.decision, run.writes);
  if (!run.decision->allowed()) return run.decision;
  if (facts.prepared.empty()) return nullptr;
  run.decision =
      decide_prepared_uses(*run.text, run.text->recorded.text, std::move(run.decision), run.writes);
  return run.decision->allowed() ? nullptr : run.decision;
}

/// A portal is executed as it was decided on at its Bind, or not at all: what the server looks up
/// only then must still be the same.
Session::DecisionPtr Session::means_otherwise(const Execution& run) {
  if (!run.text) return opened_.elsewhere(scope_.id) ? names_since_opened() : nullptr;
  const auto& facts = run.text->facts();
  if (auto why = portal_as_cursor(facts)) return why;
  if (opened_.elsewhere(facts, scope_.id)) return names_since_opened();
  // By others too: their new functions run as soon as they are committed.
  if (run.scope == scope_.id || !looked_up_when_run(facts)) return nullptr;
  return refusal("names-since-bind", "55000", "names in it may mean other things than at its Bind",
                 "Bind it anew.");
}

/// A portal may wait between its Bind and its Execute: what is allowed is found anew then. What was
/// approved was compared with what was asked for at its Bind, and is executed at once or not at
/// all.
Session::DecisionPtr Session::decide_anew(const Statement& text, DecisionPtr decision,
                                          const BoundAt& bound, bool& writes) {
  constexpr uint64_t kAtOnceMicros = 5'000'000;
  const bool at_once = bound.epoch == epoch_ && bound.principal == principal_->id &&
                       decision->policy_version == worker_.runtime()->policy->version() &&
                       now_.micros_since(bound.moment) < kAtOnceMicros;
  if (at_once) return decision;
  if (!decision->approval.empty()) {
    return refusal(
        "approved-at-bind", "42501",
        "what was approved at its Bind is executed at once, with nothing in between that "
        "may change what it does",
        "Bind it anew: it is asked for again.");
  }
  // It was planned at its Bind.
  auto now = costing(decide(text, decision->estimated_rows), decision->planner_cost);
  if (now->effect == policy::Effect::kHold) {
    return refusal("held-since-bind", "42501",
                   fmt::format("rule \"{}\" has it approved first", now->rule),
                   "Bind it anew: it is asked for then.");
  }
  bound_by_cursors(text.facts(), now, writes);
  if (!now->allowed()) return now;
  if (auto why = objection(text)) return why;
  if (needs_counting(writes, *now)) {
    if (auto why = uncountable(text.facts())) return why;
  }
  return now;
}

/// It goes on, with a Describe where its result must be known before its rows.
Session::Pass Session::forward_execute(const Piece& piece, Bytes portal, Execution run,
                                       bool counted, bool by_tag) {
  // In a block of the client's too much can be undone behind a Sync as well.
  const bool in_block =
      by_tag && transaction_ahead_ == 'T' && !own_transaction_ && !copy_in_parsed_;
  if (stamping_.must(run.writes, run.text.get())) begin_stamped_execute(run.text.get());
  const bool captured = run.decision && run.decision->limits.capture;
  const bool described = run.terms || captured || must_describe(run.text.get());
  if (described) expect(RequestKind::kDescribePortal).unseen = true;
  Expected& entry = expect(RequestKind::kExecute);
  ++executes_since_sync_;
  entry.portal.assign(portal);
  entry.counted = counted && !in_block;
  entry.by_tag = by_tag;
  const bool writes = run.writes;
  expect_execution(entry, std::move(run));
  if (in_block) entry.limited = cutting_.ahead = true;
  note_execution(entry, counted, writes);
  replacement_.clear();
  if (described) pg::encode_describe(replacement_, 'P', entry.portal);
  replacement_.append(piece.bytes);
  if (!copy_in_parsed_ && !entry.counted) return described ? Pass::kReplace : Pass::kForward;
  // It may be a COPY FROM STDIN, after which the server reads nothing but copy data; or it may have
  // to be undone, and all that comes behind it with it. Flush makes the server answer now.
  if (copy_in_parsed_) {
    entry.may_copy_in = true;
    suspend(kCopyBarrier);
  }
  if (entry.counted) suspend(kCounting);
  pg::encode_flush(replacement_);
  return Pass::kReplace;
}

/// `entry` is that of `run`.
void Session::expect_execution(Expected& entry, Execution run) {
  entry.stamp = stamping_.now;
  entry.scope = run.scope;
  entry.principal = principal_->id;
  entry.before = run.before;
  entry.source = std::move(run.source);
  entry.text = std::move(run.text);
  entry.decision = std::move(run.decision);
  entry.of_cursor = !entry.text || !entry.text->facts().cursors.empty();
  veil(entry, entry.text.get());
  if (run.terms) entry.exported = std::make_unique<Exporting>(std::move(run.terms));
  entry.captured = capturing_for(entry.decision.get(), worker_.shared().results);
  note_limits(entry);
}

/// What may be otherwise from now on.
void Session::note_execution(Expected& entry, bool counted, bool writes) {
  since_sync_ = true;
  settings_uncertain_ = true;
  note_opened(entry, writes);
  if (entry.text) {
    note_effects(entry.text, counted);
  } else {
    note_doubts(opened_.doubts);
    ++epoch_;
  }
  for (const auto& executed : executing_) note_effects(executed.text, counted);
  entry.executed.swap(executing_);
  executing_.clear();
}

}  // namespace sluice::gateway
