#include "change/changes.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "approval/quorum.h"
#include "base/log.h"

namespace sluice::change {
namespace {

/// That run at the same time; more wait for nobody.
constexpr size_t kMostRuns = 8;

Result<> no(const Change& change, std::string_view why) {
  return fail(ErrorCode::kDenied, fmt::format("change {} {}", change.number, why));
}

/// Those who decide are shown what is; the gateway knows a schema anew within seconds.
Result<Assessment> assess_now(gateway::Gateway& gateway, const Change& change, const Who& who,
                              const Vouching& vouching) {
  constexpr auto kAgain = std::chrono::milliseconds(500);
  for (const auto deadline = Clock::now() + std::chrono::seconds(15);;) {
    SLUICE_ASSIGN(auto assessed, assess(gateway, change, who, vouching));
    if (!assessed.outdated) return assessed;
    if (Clock::now() > deadline)
      return fail(ErrorCode::kUnavailable, "a schema has just changed: submit it again");
    std::this_thread::sleep_for(kAgain);
  }
}

approval::Subject subject_of(const Change& change, const Assessment& assessed) {
  return subject_of(change, assessed.session, assessed.schema, assessed.policy);
}

/// Those on which every step was done.
std::vector<size_t> done_targets(const Change& change, size_t steps) {
  std::vector<size_t> out;
  for (size_t target = 0; target < change.targets.size(); ++target) {
    const auto done =
        std::count_if(change.steps.begin(), change.steps.end(), [&](const StepRun& step) {
          return step.part == Part::kScript && step.target == target &&
                 step.state == StepState::kDone;
        });
    if (static_cast<size_t>(done) == steps) out.push_back(target);
  }
  return out;
}

/// Whether what was approved, and used for the script, is `subject`, and those who approved it
/// still may.
Result<> still_stands(const approval::Request& request, const approval::Subject& subject,
                      approval::Desk& desk) {
  const auto refused = [&](std::string_view text) {
    return fail(ErrorCode::kDenied, fmt::format("request {} {}", request.number, text));
  };
  if (request.state != approval::State::kUsed)
    return refused(fmt::format("is {}", approval::name_of(request.state)));
  if (approval::digest(subject, request.max_rows, request.expires_micros) != request.granted)
    return refused("was approved for something else: the policy or the change is another by now");
  if (request.automatic) return {};
  SLUICE_ASSIGN(const bool stands, desk.stands(request));
  if (!stands) return refused("was approved by somebody who may not approve any more");
  return {};
}

/// Rules that hold it by now must be among those that were asked about; and what let it through
/// without people must still do so.
Result<> check_needs(const Change& change, const Assessment& now,
                     const approval::Request* request) {
  const auto rule = approval::not_among(
      now.needs, request == nullptr ? std::vector<approval::Need>() : request->needs);
  if (!rule.empty())
    return no(
        change,
        fmt::format("was not approved for rule \"{}\", which holds it: submit it anew", rule));
  if (request != nullptr && request->automatic && !now.needs.empty() && !now.automatic)
    return no(change, fmt::format("was approved automatically, and would not be by now ({}): "
                                  "submit it anew",
                                  fmt::join(now.evidence, "; ")));
  return {};
}

}  // namespace

Result<std::unique_ptr<Changes>> Changes::open(std::unique_ptr<ChangeStore> store,
                                               gateway::Gateway& gateway, approval::Desk& desk,
                                               std::string host) {
  if (host.empty() || host == "0.0.0.0" || host == "::") host = host == "::" ? "::1" : "127.0.0.1";
  std::unique_ptr<Changes> changes(new Changes(std::move(store), gateway, desk, std::move(host)));
  SLUICE_TRY(changes->store_->close_interrupted());
  return changes;
}

Result<Change> Changes::submit(Change change, const Who& who) {
  SLUICE_TRY(check(change));
  const auto directory = gateway_.directory();
  const auto* credential = directory->credential(who.credential);
  if (credential == nullptr) return fail(ErrorCode::kDenied, "who asks is gone");
  change.requester = who.user;
  change.actors = credential->actors;
  change.created_micros = wall_micros();
  SLUICE_ASSIGN(const auto assessed, assess_now(gateway_, change, who, *vouching()));
  change.state = assessed.needs.empty() ? State::kReady : State::kWaiting;
  SLUICE_ASSIGN(change.number, store_->add(change));
  if (change.state == State::kWaiting) {
    if (auto asked = ask(change, assessed); !asked) {
      SLUICE_TRY(store_->move(change.number, State::kWaiting, State::kRefused, "sluice", "refused",
                              asked.error().text));
      return fail(std::move(asked.error()).within(fmt::format("change {}", change.number)));
    }
  }
  return store_->find(change.number);
}

Result<> Changes::ask(const Change& change, const Assessment& assessed) {
  approval::Request request;
  request.subject = subject_of(change, assessed);
  request.persons = assessed.persons;
  request.requester_kind = assessed.kind;
  request.login = assessed.login;
  request.environment = assessed.environments;
  request.needs = assessed.needs;
  request.max_rows = assessed.max_rows;
  request.brief = assessed.brief;
  request.evidence = assessed.evidence;
  request.automatic = assessed.automatic;
  SLUICE_ASSIGN(const auto asked, desk_.ask(std::move(request), assessed.valid));
  return store_->set_request(change.number, asked.number);
}

/// One that `who` submitted, and nobody else.
Result<Change> Changes::own(int64_t number, const Who& who) {
  SLUICE_ASSIGN(auto change, store_->find(number));
  if (change.requester != who.user)
    return fail(ErrorCode::kDenied,
                fmt::format("change {} is run and given up by who submitted it", number));
  const auto directory = gateway_.directory();
  const identity::User* user = directory->find(who.user);
  if (user == nullptr || user->since() > change.created_micros) {
    return fail(ErrorCode::kDenied,
                fmt::format("change {} was submitted by somebody else of that name: submit it anew",
                            number));
  }
  return change;
}

Result<gateway::ApprovedChange> Changes::use(const Change& change, const Assessment& assessed) {
  if (change.request == 0) return gateway::ApprovedChange{{}, {}, {}, 0, change.ticket};
  SLUICE_ASSIGN(const auto used, desk_.use(change.request, subject_of(change, assessed)));
  return gateway::ApprovedChange{used.needs, used.max_rows, used.summary(), used.number,
                                 change.ticket};
}

Result<Change> Changes::run(int64_t number, const Who& who) {
  SLUICE_ASSIGN(auto change, own(number, who));
  if (change.state != State::kWaiting && change.state != State::kReady)
    return fail(ErrorCode::kDenied, fmt::format("change {} is {}", number, name_of(change.state)));
  std::optional<approval::Request> request;
  if (change.state == State::kWaiting) {
    SLUICE_ASSIGN(request, desk_.find(change.request));
    if (request->state != approval::State::kApproved)
      return fail(ErrorCode::kDenied,
                  fmt::format("change {} is not approved: request {} is {}", number, change.request,
                              approval::name_of(request->state)));
  }
  SLUICE_ASSIGN(auto assessed, assess(gateway_, change, who, *vouching()));
  SLUICE_TRY(check_needs(change, assessed, request ? &*request : nullptr));
  const State from = change.state;
  SLUICE_ASSIGN(const auto place, find_place());
  SLUICE_ASSIGN(const bool mine,
                store_->move(number, from, State::kRunning, who.user,
                             fmt::format("run on {}", fmt::join(change.targets, ", "))));
  if (!mine) return fail(ErrorCode::kDenied, fmt::format("change {} runs already", number));
  auto approved = use(change, assessed);
  if (!approved) {
    SLUICE_TRY(
        store_->move(number, State::kRunning, from, "sluice", "not run", approved.error().text));
    return fail(std::move(approved.error()));
  }
  Job job;
  job.change = change;
  job.plan = std::move(assessed.plan);
  for (size_t i = 0; i < change.targets.size(); ++i) job.targets.push_back(i);
  job.approved = std::move(*approved);
  SLUICE_TRY(start(std::move(job), who, State::kRunning, *place));
  return store_->find(number);
}

/// The rollback was approved with the script: nothing but what the script itself has changed may be
/// different.
Result<gateway::ApprovedChange> Changes::still_approved(const Change& change,
                                                        const Assessment& assessed) {
  if (change.request == 0) {
    SLUICE_TRY(check_needs(change, assessed, nullptr));
    return gateway::ApprovedChange{{}, {}, {}, 0, change.ticket};
  }
  SLUICE_ASSIGN(const auto request, desk_.find(change.request));
  SLUICE_TRY(check_needs(change, assessed, &request));
  auto subject =
      subject_of(change, request.subject.session, request.subject.schema, assessed.policy);
  SLUICE_TRY(still_stands(request, subject, desk_));
  return gateway::ApprovedChange{request.needs, request.max_rows, request.summary(), request.number,
                                 change.ticket};
}

Result<Change> Changes::roll_back(int64_t number, const Who& who) {
  SLUICE_ASSIGN(auto change, own(number, who));
  const State from = change.state;
  if (from != State::kDone && from != State::kFailed)
    return fail(ErrorCode::kDenied, fmt::format("change {} is {}", number, name_of(from)));
  if (change.rollback.empty()) {
    return fail(ErrorCode::kDenied,
                fmt::format("change {} has no rollback script: submit a change that takes it back",
                            number));
  }
  SLUICE_ASSIGN(const auto steps, read_script(change.script));
  Job job;
  job.change = change;
  job.part = Part::kRollback;
  job.targets = done_targets(change, steps.size());
  std::reverse(job.targets.begin(), job.targets.end());
  if (job.targets.empty())
    return fail(ErrorCode::kDenied,
                fmt::format("change {} was done on no database: nothing to roll back", number));
  Change where = change;
  where.targets.clear();
  for (const size_t target : job.targets) {
    const auto& database = change.targets[target];
    SLUICE_ASSIGN(const auto state, gateway_.fresh_state(database));
    if (target >= change.schemas_after.size() || change.schemas_after[target] != state.schema)
      return fail(
          ErrorCode::kDenied,
          fmt::format("change {}: the schema of {} is not as the change has left it: submit "
                      "the rollback script as a change of its own",
                      number, database));
    where.targets.push_back(database);
  }
  SLUICE_ASSIGN(auto assessed, assess(gateway_, where, who, *vouching(), true));
  SLUICE_ASSIGN(job.approved, still_approved(change, assessed));
  job.plan = std::move(assessed.plan);
  SLUICE_ASSIGN(const auto place, find_place());
  SLUICE_ASSIGN(const bool mine,
                store_->move(number, from, State::kRollingBack, who.user,
                             fmt::format("roll back on {}", fmt::join(where.targets, ", "))));
  if (!mine)
    return fail(ErrorCode::kDenied, fmt::format("change {} is rolled back already", number));
  SLUICE_TRY(start(std::move(job), who, State::kRollingBack, *place));
  return store_->find(number);
}

/// Before anything of it is used up: with too many under way it is as it was, and can be tried
/// again.
Result<std::unique_ptr<Changes::Place>> Changes::find_place() {
  const std::lock_guard lock(mutex_);
  reap();
  if (stopping_) return fail(ErrorCode::kUnavailable, "the gateway is being stopped");
  if (const size_t all = runs_.size() + starting_; all >= kMostRuns)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} changes run already: try again when one of them has ended", all));
  ++starting_;
  return std::make_unique<Place>(*this);
}

Result<> Changes::start(Job job, const Who& who, State from, Place& place) {
  const int64_t number = job.change.number;
  const auto directory = gateway_.directory();
  const auto* credential = directory->credential(who.credential);
  // The run before, of which everything is done but the end of its thread.
  std::unique_ptr<Run> before;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = runs_.find(number); found != runs_.end()) {
      before = std::move(found->second);
      runs_.erase(found);
    }
  }
  if (before) before->thread.join();
  const std::lock_guard lock(mutex_);
  std::string why;
  if (credential == nullptr) why = "who asks is gone";
  if (stopping_) why = "the gateway is being stopped";
  if (!why.empty()) {
    SLUICE_TRY(store_->move(number, from,
                            job.part == Part::kScript ? State::kFailed : State::kRollbackFailed,
                            "sluice", "failed", why));
    return fail(ErrorCode::kUnavailable, why);
  }
  job.credential = credential->id;
  job.assurance = credential->assurance;
  auto run = std::make_unique<Run>();
  Run& raw = *run;
  runs_[number] = std::move(run);
  place.taken();
  raw.thread = std::thread([this, &raw, job = std::move(job)] {
    execute(job, raw);
    raw.ended = true;
  });
  return {};
}

void Changes::execute(const Job& job, Run& run) {
  const int64_t number = job.change.number;
  const bool forward = job.part == Part::kScript;
  std::string problem = Runner(gateway_, *store_, host_, job, run.stopped).run();
  if (forward) {
    std::vector<std::string> schemas;
    for (const auto& target : job.change.targets) {
      const auto state = gateway_.fresh_state(target);
      schemas.push_back(state ? state->schema : std::string());
    }
    if (const auto kept = store_->set_schemas(number, schemas); !kept)
      log::error("change {}: {}", number, kept.error().text);
  }
  if (!problem.empty() && run.stopped) {
    const std::lock_guard lock(mutex_);
    problem += fmt::format(" (stopped by {})", run.by);
  }
  const State from = forward ? State::kRunning : State::kRollingBack;
  const State done = forward ? State::kDone : State::kRolledBack;
  const State failed = forward ? State::kFailed : State::kRollbackFailed;
  const auto moved =
      store_->move(number, from, problem.empty() ? done : failed, job.change.requester,
                   problem.empty() ? (forward ? "done" : "rolled back")
                                   : (forward ? "failed" : "rollback failed"),
                   problem);
  if (!moved) log::error("change {}: {}", number, moved.error().text);
}

/// With the lock held: those that have ended.
void Changes::reap() {
  for (auto at = runs_.begin(); at != runs_.end();) {
    if (!at->second->ended) {
      ++at;
      continue;
    }
    at->second->thread.join();
    at = runs_.erase(at);
  }
}

Result<Change> Changes::cancel(int64_t number, const Who& who) {
  SLUICE_ASSIGN(const auto change, own(number, who));
  switch (change.state) {
    case State::kWaiting:
    case State::kReady: {
      SLUICE_ASSIGN(const bool moved,
                    store_->move(number, change.state, State::kCancelled, who.user, "cancelled"));
      if (!moved) return fail(ErrorCode::kDenied, "it has begun to run a moment ago");
      // It may have been decided on already.
      if (change.request != 0)
        (void)desk_.withdraw(change.request, who.user, "the change is cancelled");
      break;
    }
    case State::kRunning:
    case State::kRollingBack: {
      const std::lock_guard lock(mutex_);
      const auto found = runs_.find(number);
      if (found == runs_.end())
        return fail(ErrorCode::kDenied, fmt::format("change {} is run by another gateway", number));
      found->second->by = who.user;
      found->second->stopped = true;
      break;
    }
    default:
      return fail(ErrorCode::kDenied,
                  fmt::format("change {} is {}", number, name_of(change.state)));
  }
  return store_->find(number);
}

void Changes::stop() {
  std::map<int64_t, std::unique_ptr<Run>> runs;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& [number, run] : runs_) {
      run->by = "the end of the gateway";
      run->stopped = true;
    }
    runs.swap(runs_);
  }
  for (auto& [number, run] : runs) run->thread.join();
}

}  // namespace sluice::change
