// Session: a statement that a rule holds waits here until people have decided on it. Its message is
// kept, the client is told what it waits for, and the worker does nothing for it meanwhile.
#include <algorithm>

#include <fmt/format.h>

#include "approval/brief.h"
#include "approval/desk.h"
#include "approval/quorum.h"
#include "base/log.h"
#include "gateway/dry_run.h"
#include "gateway/foresight.h"
#include "gateway/fresh_state.h"
#include "gateway/human_presence.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "policy/automatic.h"
#include "sql/plan_estimate.h"
#include "wire/postgres/encode.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Client bytes that are kept while it waits; it may have sent the next statements already.
constexpr size_t kMostPending = 8 << 10;

/// Why it cannot wait for anybody; empty if it can.
std::string_view never_held(const sql::StatementFacts& facts) {
  if (!facts.prepared.empty())
    return "PREPARE and EXECUTE are not approved: send the statement itself.";
  if (!facts.cursors.empty()) return "Cursors are not approved: send the statement itself.";
  if (facts.at_position)
    return "Where a cursor or a sequence of the session stands is not approved: name the rows "
           "themselves.";
  for (const sql::Action& action : facts.actions) {
    if (action.kind == sql::ActionKind::kCopyIn)
      return "Nobody can see the data of COPY FROM STDIN beforehand: use INSERT.";
  }
  return {};
}

template <typename Get>
auto least(const policy::Decision& decision, Get get) {
  auto result = get(*decision.holds.front());
  for (const auto& spec : decision.holds) result = std::min(result, get(*spec));
  return result;
}

std::optional<uint64_t> max_rows_of(const policy::Decision& decision) {
  std::optional<uint64_t> most;
  for (const auto& spec : decision.holds) {
    if (spec->max_rows) most = std::min(most.value_or(*spec->max_rows), *spec->max_rows);
  }
  return most;
}

/// `held` once it has been approved: it may change at most so many rows.
std::shared_ptr<policy::Decision> let_through(const policy::Decision& held,
                                              const std::optional<uint64_t>& max_rows,
                                              std::string summary) {
  auto approved = std::make_shared<policy::Decision>(held);
  approved->effect = policy::Effect::kAllow;
  approved->message = approved->detail = approved->hint = {};
  approved->approval = std::move(summary);
  auto& most = approved->limits.rows_changed;
  if (max_rows && (!most || *max_rows < most->most)) most = {*max_rows, approved->rule};
  return approved;
}

/// A rule that holds by now and did not when `approved` was asked for; empty: none does.
std::string rule_not_asked(const policy::Decision& now, const policy::Decision& approved) {
  for (const auto& spec : now.holds) {
    const bool asked = std::any_of(approved.holds.begin(), approved.holds.end(),
                                   [&](const auto& known) { return known->rule == spec->rule; });
    if (!asked) return spec->rule;
  }
  return {};
}

/// Where people see a request: in the console, if it has an address, and on the command line.
std::string where_seen(const std::string& console, int64_t number) {
  const std::string page =
      console.empty() ? console : fmt::format("at {}/approvals/{} or ", console, number);
  return fmt::format("{}with: sluice approval show {}", page, number);
}

/// `held`, which is no step that the change of its session was approved for.
std::shared_ptr<policy::Decision> not_in_change(const policy::Decision& held,
                                                const std::string& why) {
  auto refused = std::make_shared<policy::Decision>(held);
  refused->effect = policy::Effect::kDeny;
  refused->message = fmt::format("{} ({})", held.message, why);
  refused->hint = "Submit a change that says so, and have it approved.";
  return refused;
}

/// Where the store is, and as whom, is nothing for clients.
std::string told_of(const Error& error) {
  if (error.code != ErrorCode::kUnavailable) return error.text;
  log::warn("a held statement: {}", error.text);
  return "the gateway cannot reach its store";
}

std::string next_step(const Error& error) {
  return error.code == ErrorCode::kUnavailable
             ? "Try again in a moment; an operator sees why in the gateway's log."
             : "";
}

}  // namespace

/// Whether it has to wait for people. If not, it goes on as `decision` says from now on: it may
/// have been approved. `text`: what exactly is to run.
bool Session::must_hold(const Piece& piece, const Statement& statement, Bytes text,
                        DecisionPtr& decision) {
  if (decision->effect != policy::Effect::kHold || decision->holds.empty()) return false;
  if (redone_ && redone_->refused) return false;
  if (redone_ && redone_->approved) {
    if (const auto rule = rule_not_asked(*decision, *redone_->approved); !rule.empty()) {
      auto refused = std::make_shared<policy::Decision>(*decision);
      refused->effect = policy::Effect::kDeny;
      refused->message =
          fmt::format("rule \"{}\" holds it by now, which nobody was asked about", rule);
      refused->hint = "To ask anew, run the statement once more.";
      decision = std::move(refused);
      return false;
    }
    // By the limits of now: others may have come to bind it while it waited.
    decision =
        as_approved(statement.facts(),
                    let_through(*decision, redone_->approved_rows, redone_->approved->approval),
                    redone_->request);
    return false;
  }
  if (admission_.dry_run) return must_show(piece, statement, text, decision);
  std::string_view never = never_held(statement.facts());
  if (!piece.whole() || text.empty()) never = "It is too long to be approved, or cannot be shown.";
  const auto kept = to_be_kept(*decision, statement.facts(), 0);
  if (!kept) never = kept.error().text;
  if (!never.empty()) {
    auto told = std::make_shared<policy::Decision>(*decision);
    told->hint = never;
    decision = std::move(told);
    return false;
  }
  if (change_run_) {
    // A step of an approved change is not asked about again, and nothing else may be in its
    // session.
    const auto& approved = change_run_->approved();
    const Bytes step = piece.type == pg::kQuery ? text : Bytes();
    const std::string why = change_run_->objection(id_, step, *decision);
    decision = why.empty()
                   ? as_approved(statement.facts(),
                                 let_through(*decision, approved.max_rows, approved.summary),
                                 approved.request)
                   : not_in_change(*decision, why);
    return false;
  }
  // Nobody is asked to approve what is refused anyway.
  return transaction_ahead_ != 'E' && objection(statement) == nullptr;
}

/// Whether anybody could let it through, so that it is worth preparing.
bool Session::could_be_approved(const policy::Decision& decision) const {
  if (decision.effect != policy::Effect::kHold || decision.holds.empty()) return false;
  if (admission_.dry_run) return true;
  approval::Request request;
  request.subject.requester = admission_.user;
  request.persons = persons();
  bool automatic = true;
  for (const auto& spec : decision.holds) {
    request.needs.push_back({spec->rule, spec->stages});
    automatic = automatic && spec->automatic;
  }
  return automatic || approval::can_be_approved(request, *worker_.runtime()->directory);
}

/// Those behind who asks: themselves, whom they act for, whose request it is that a service runs.
std::vector<std::string> Session::persons() const {
  const policy::Principal& principal = principal_->principal;
  std::vector<std::string> out = principal.actors;
  const auto person = principal.attributes.find("person");
  out.push_back(person == principal.attributes.end() ? principal.user : person->second);
  if (principal.end_user.empty()) return out;
  out.push_back(principal.end_user);
  const auto* end_user = worker_.runtime()->directory->find(principal.end_user);
  if (end_user == nullptr) return out;
  const auto known = end_user->attributes.find("person");
  if (known != end_user->attributes.end()) out.push_back(known->second);
  return out;
}

/// Keeps `piece` and asks people. `types` and `values`: of Parse and Bind.
void Session::hold(const Piece& piece, const Statement& statement, Bytes text, Bytes types,
                   Bytes values, DecisionPtr decision) {
  held_ = std::make_unique<Held>();
  held_->decision = std::move(decision);
  held_->facts = statement.meaning->shared_facts();
  held_->subject.statement = text;
  held_->subject.parameters = values.empty() && types.empty()
                                  ? std::string()
                                  : approval::with_length(types) + approval::with_length(values);
  held_->values = values;
  held_->subject.requester = admission_.user;
  held_->subject.database = admission_.database->config().name;
  defer(piece, kHeld);
  ask_session([this] { ask_approval(); });
}

/// Finds out what `held_->subject` is now, by the server's own word.
void Session::ask_session(std::function<void()> then) {
  std::vector<std::string> questions = {std::string(kSessionQuery),
                                        std::string(catalog::fingerprint_query())};
  const bool explain = can_be_explained(*held_->facts, held_->subject.statement);
  if (explain) questions.push_back("EXPLAIN (FORMAT JSON) " + held_->subject.statement);
  const std::weak_ptr<const char> token = held_->token;
  run_own(questions, [this, token, explain, then = std::move(then)](OwnRun& run) {
    if (token.expired() || !deferred_) return;
    const auto& results = run.answer.results;
    if (run.answer.error) {
      deferred_failed(run);
      return end_hold();
    }
    const size_t wanted = explain ? 3 : 2;
    const bool whole = results.size() == wanted &&
                       std::all_of(results.begin(), results.begin() + 2, [](const auto& rows) {
                         return !rows.empty() && !rows[0].empty();
                       });
    if (run.skipped || !whole) return end_hold();
    held_->subject.session = results[0][0][0].value_or("");
    for (const auto& [name, value] : admission_.settings)
      if (is_own_setting(name)) held_->subject.session += fmt::format("\x1f{}={}", name, value);
    // What nobody else's session has is good in this one alone, as it stands.
    if (names_.has_temporary || names_.own_settings)
      held_->subject.session += fmt::format("\x1f{}.{}.{}", id_, started_micros_, epoch_);
    held_->subject.schema = results[1][0][0].value_or("");
    held_->subject.policy = worker_.runtime()->policy->version();
    if (explain && !results[2].empty() && !results[2][0].empty() && results[2][0][0])
      held_->estimate = sql::estimated_rows(*results[2][0][0]);
    then();
  });
}

approval::Request Session::approval_request() {
  const policy::Decision& decision = *held_->decision;
  const policy::Principal& principal = principal_->principal;
  const auto catalog = scope_.scope->catalog;
  approval::Request request;
  request.subject = held_->subject;
  request.persons = persons();
  request.requester_kind = policy::name_of(principal.kind);
  request.login = approval::Login::of(principal);
  request.login.client = admission_.shown_address(client_->peer());
  request.login.application = parameter(parameters_, "application_name");
  request.environment = admission_.database->config().environment;
  request.session_id = id_;
  request.max_rows = max_rows_of(decision);
  const auto change = approval::SchemaChange::of(held_->subject.statement, *scope_.scope);
  const auto objections = change.objections();
  auto now = circumstances(held_->facts.get());
  now.estimated_rows = held_->estimate;
  request.automatic = true;
  // What sessions share of who somebody is does not say since when.
  find_human(admission_.principal, *worker_.runtime()->directory, now_.wall_micros, held_->proofs);
  for (const auto& spec : decision.holds) {
    request.needs.push_back({spec->rule, spec->stages});
    const auto automatic = policy::decide_automatically(
        *spec, *held_->facts, catalog.get(), principal,
        {held_->subject.database, request.environment}, now, objections, held_->proofs);
    request.automatic = request.automatic && automatic.approved;
    request.evidence.insert(request.evidence.end(), automatic.evidence.begin(),
                            automatic.evidence.end());
    if (spec->automatic && !automatic.approved) held_->evidence = automatic.evidence;
  }
  request.brief = approval::brief_of(
      decision, *held_->facts, catalog.get(),
      {held_->subject.statement, held_->estimate, held_->values, held_->proofs.dry_run,
       approval::declared_types(held_->subject.parameters)},
      change);
  return request;
}

/// Runs `work` where waiting for the store holds up nobody, and `then` with its result here.
void Session::at_desk(auto work, auto then) {
  using Out = decltype(work(std::declval<approval::Desk&>()));
  Shared& shared = worker_.shared();
  shared.approving.submit([&shared, &worker = worker_, id = id_,
                           token = std::weak_ptr<const char>(held_->token), work = std::move(work),
                           then = std::move(then)] {
    auto result = shared.desk == nullptr
                      ? Out(fail(ErrorCode::kUnavailable, "approvals are not kept here"))
                      : work(*shared.desk);
    worker.post([id, token, then, result = std::move(result)](Worker& self) mutable {
      Session* session = self.find_session(id);
      // Another statement may be held by now.
      if (session != nullptr && !token.expired()) then(*session, std::move(result));
    });
  });
}

void Session::ask_approval() {
  if (prove()) return;
  if (admission_.dry_run) {
    deferred_->refused = shown(*held_->decision, *held_->proofs.dry_run);
    return end_hold();
  }
  const Duration valid = least(*held_->decision, [](const auto& spec) { return spec.valid; });
  at_desk([request = approval_request(),
           valid](approval::Desk& desk) { return desk.ask(request, valid); },
          [](Session& session, Result<approval::Request> asked) {
            session.approval_asked(std::move(asked));
          });
}

void Session::approval_asked(Result<approval::Request> asked) {
  if (!held_ || !deferred_) return;
  if (!asked)
    return refuse_held("nobody is asked: " + told_of(asked.error()), next_step(asked.error()));
  held_->number = asked->number;
  if (held_->cancelled) return cancel_hold();
  if (asked->state == approval::State::kApproved) return use_approval();
  // What a pipeline has executed since its Sync is a transaction too.
  const bool locks = transaction_ahead_ != 'I' || executes_since_sync_ != 0;
  const Duration wait = least(*held_->decision, [locks](const auto& spec) {
    return locks ? spec.wait_in_transaction : spec.wait;
  });
  if (wait <= Duration::zero()) return hold_timed_out();
  tell_of_hold(*asked);
  // It outlives what it ends.
  if (!hold_timer_)
    hold_timer_ = std::make_unique<net::Timer>(worker_.reactor(), [this] { hold_timed_out(); });
  hold_timer_->arm(wait);
  // Whether the client is still there has to be seen; what it sends meanwhile is kept, up to a
  // bound.
  client_->resume_receive();
  Shared& shared = worker_.shared();
  shared.approving.submit([&shared, &worker = worker_, id = id_, number = asked->number,
                           token = std::weak_ptr<const char>(held_->token)] {
    if (shared.desk == nullptr) return;
    const uint64_t watch = shared.desk->watch(number, [&worker, id, token] {
      worker.post([id, token](Worker& self) {
        Session* session = self.find_session(id);
        if (session != nullptr && !token.expired()) session->approval_decided();
      });
    });
    worker.post([&shared, id, token, watch](Worker& self) {
      Session* session = self.find_session(id);
      if (session != nullptr && !token.expired())
        session->held_->watch = watch;
      else
        shared.approving.submit([&shared, watch] { shared.desk->forget(watch); });
    });
  });
}

/// What the client sees while it waits.
void Session::tell_of_hold(const approval::Request& request) {
  pg::ErrorFields fields;
  fields.set_severity("NOTICE");
  fields.set(pg::kFieldSqlstate, "00000");
  fields.set(pg::kFieldMessage, fmt::format("waiting for approval: request {}", request.number));
  std::vector<std::string> who;
  for (const auto& spec : held_->decision->holds) {
    for (const auto& stage : spec->stages) {
      who.push_back(fmt::format(
          "{} of {} (rule \"{}\")", stage.people,
          fmt::join(stage.groups_at(request.created_micros, request.created_micros), " or "),
          spec->rule));
    }
  }
  fields.set(pg::kFieldDetail, fmt::format("{}\nWho decides: {}.", held_->decision->message,
                                           fmt::join(who, ", then ")));
  fields.set(pg::kFieldHint,
             fmt::format("They see it {}. Cancel to give up.",
                         where_seen(admission_.runtime->config->api.url, request.number)));
  std::string out;
  pg::encode_notice_response(out, fields);
  send_to_client(Bytes(out));
}

/// Somebody has decided, or nobody will: by the time it runs, everything must be as it was asked.
void Session::approval_decided() {
  if (!held_ || !deferred_ || held_->deciding) return;
  held_->deciding = true;
  ask_session([this] { use_approval(); });
}

void Session::use_approval() {
  at_desk([number = held_->number,
           subject = held_->subject](approval::Desk& desk) { return desk.use(number, subject); },
          [](Session& session, Result<approval::Request> used) {
            session.approval_used(std::move(used));
          });
}

void Session::approval_used(Result<approval::Request> used) {
  if (!held_ || !deferred_) return;
  if (!used) return refuse_held(told_of(used.error()), "To ask anew, run the statement once more.");
  deferred_->approved = let_through(*held_->decision, used->max_rows, used->summary());
  deferred_->approved_rows = used->max_rows;
  deferred_->request = used->number;
  end_hold();
}

void Session::hold_timed_out() {
  if (!held_ || !deferred_ || held_->deciding) return;
  refuse_held(
      fmt::format("request {} is not approved yet", held_->number),
      fmt::format("They see it {}. Once it is approved, run exactly the same statement again "
                  "in the same way; withdraw it with: sluice approval withdraw {}.",
                  where_seen(admission_.runtime->config->api.url, held_->number), held_->number));
}

void Session::refuse_held(const std::string& why, const std::string& hint) {
  auto refused = std::make_shared<policy::Decision>(*held_->decision);
  refused->effect = policy::Effect::kDeny;
  refused->message = fmt::format("{} ({})", held_->decision->message, why);
  if (!hint.empty()) refused->hint = hint;
  if (!held_->evidence.empty()) {
    // Before the last line, which is for programs.
    const size_t last = refused->detail.rfind('\n');
    refused->detail.insert(
        last == std::string::npos ? refused->detail.size() : last,
        fmt::format("\nnot approved automatically:\n  {}", fmt::join(held_->evidence, "\n  ")));
  }
  deferred_->refused = std::move(refused);
  end_hold();
}

/// The client has had enough of it.
void Session::cancel_hold() {
  held_->cancelled = true;
  if (held_->number == 0) return;  // Once it is known what to withdraw.
  at_desk(
      [number = held_->number, user = admission_.user](approval::Desk& desk) {
        return desk.withdraw(number, user, "cancelled by the client");
      },
      [](Session&, const auto&) {});
  deferred_->refused =
      refusal(held_->decision->rule, "57014", "canceling statement due to user request",
              fmt::format("Request {} is withdrawn.", held_->number));
  end_hold();
}

void Session::end_hold() {
  forget_hold();
  if (deferred_) take_deferred(kHeld);
}

void Session::forget_hold() {
  if (hold_timer_) hold_timer_->cancel();
  const auto held = std::exchange(held_, nullptr);
  if (!held || held->watch == 0) return;
  worker_.shared().approving.submit([&shared = worker_.shared(), watch = held->watch] {
    if (shared.desk != nullptr) shared.desk->forget(watch);
  });
}

/// While it is held the client is read, so that its end is seen, but not without bound.
void Session::keep_pending() {
  size_t bytes = 0;
  for (const auto& slice : pending_) bytes += slice.size();
  if (bytes > kMostPending) client_->pause_receive();
}

}  // namespace sluice::gateway
