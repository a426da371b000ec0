#include "approval/desk.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.h"

namespace sluice::approval {
namespace {

constexpr auto kLook = std::chrono::milliseconds(500);
/// Open requests of one requester; more is a program that asks in a loop.
constexpr size_t kMostOpen = 50;
constexpr size_t kLongestComment = 2000;
constexpr std::string_view kApproverGone = "was approved by somebody who may not approve any more";

int64_t micros(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

/// Names the first thing that is not as it was approved.
std::string difference(const Subject& approved, const Subject& now) {
  if (approved.requester != now.requester) return "who asks";
  if (approved.database != now.database) return "the database";
  if (approved.statement != now.statement) return "the text of the statement";
  if (approved.parameters != now.parameters) return "its parameters";
  if (approved.session != now.session) return "the session's role, search_path or settings";
  if (approved.schema != now.schema) return "the schema of the database";
  if (approved.policy != now.policy) return "the policy";
  return "the limit or the expiry";
}

/// Whether its requester is still who the name says: names are used again.
bool made_by_them(const Request& request, const identity::Directory& directory) {
  const identity::User* requester = directory.find(request.subject.requester);
  return requester != nullptr && requester->since() <= request.created_micros;
}

bool same(const Subject& a, const Subject& b) { return digest(a, {}, 0) == digest(b, {}, 0); }

}  // namespace

Desk::Desk(store::Database database, std::shared_ptr<const identity::Directory> directory)
    : database_(std::move(database)), directory_(std::move(directory)) {}

Result<std::unique_ptr<Desk>> Desk::open(store::Database database,
                                         std::shared_ptr<const identity::Directory> directory) {
  std::unique_ptr<Desk> desk(new Desk(std::move(database), std::move(directory)));
  SLUICE_ASSIGN(const int64_t latest, desk->requests_.latest_time());
  desk->clock_.not_before(latest);
  desk->thread_ = std::thread([raw = desk.get()] { raw->run(); });
  return desk;
}

Desk::~Desk() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Desk::set_directory(std::shared_ptr<const identity::Directory> directory) {
  const std::lock_guard lock(mutex_);
  directory_ = std::move(directory);
}

void Desk::follow(std::function<std::shared_ptr<const identity::Directory>()> source) {
  const std::lock_guard lock(mutex_);
  source_ = std::move(source);
}

void Desk::catch_up() {
  // One asks at a time, so that none that is older comes after a newer one. What the store says of
  // its version does not tell: each connection to an embedded one counts in its own way.
  static std::mutex asking;
  const std::lock_guard alone(asking);
  std::function<std::shared_ptr<const identity::Directory>()> source;
  {
    const std::lock_guard lock(mutex_);
    source = source_;
  }
  if (!source) return;
  auto next = source();
  const std::lock_guard lock(mutex_);
  directory_ = std::move(next);
}

/// As it is now: what is over is closed first.
Result<Request> Desk::current(int64_t number) {
  SLUICE_ASSIGN(auto request, requests_.find(number));
  const bool open = request.state == State::kWaiting || request.state == State::kApproved;
  if (!open || now() < request.expires_micros) return request;
  SLUICE_ASSIGN([[maybe_unused]] const bool closed,
                requests_.close(request, request.state, State::kExpired, "sluice", ""));
  return requests_.find(number);
}

Result<Request> Desk::grant(Request request) {
  for (const Vote& vote : request.votes) {
    if (vote.verdict != Verdict::kApprove || !vote.max_rows) continue;
    request.max_rows = std::min(request.max_rows.value_or(*vote.max_rows), *vote.max_rows);
  }
  request.granted = digest(request.subject, request.max_rows, request.expires_micros);
  SLUICE_ASSIGN([[maybe_unused]] const bool approved, requests_.approve(request));
  poke();
  return requests_.find(request.number);
}

namespace {

/// Asked for others, about other rules or for other numbers of rows, it is another request; who
/// approved it may have allowed fewer.
bool asks_the_same(const Request& known, const Request& next) {
  const auto rows = [](const Request& one) { return one.max_rows.value_or(UINT64_MAX); };
  const bool fewer = known.state == State::kApproved && rows(known) < rows(next);
  return known.persons == next.persons && not_among(next.needs, known.needs).empty() &&
         not_among(known.needs, next.needs).empty() && (rows(known) == rows(next) || fewer);
}

}  // namespace

/// One change at a time, of all the desks at a store: what `work` has read is so until its end.
template <typename Work>
auto Desk::alone(Work work) -> decltype(work()) {
  catch_up();
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  auto done = work();
  if (done) SLUICE_TRY(transaction.commit());
  return done;
}

Result<Request> Desk::ask(Request request, Duration valid) {
  return alone([&] { return ask_alone(std::move(request), valid); });
}

Result<Request> Desk::ask_alone(Request request, Duration valid) {
  SLUICE_ASSIGN(const auto open, requests_.open(request.subject));
  for (const Request& known : open) {
    if (!made_by_them(known, *directory_)) continue;
    if (!same(known.subject, request.subject)) continue;
    if (!asks_the_same(known, request)) continue;
    SLUICE_ASSIGN(auto as_it_is, current(known.number));
    if (as_it_is.state == State::kApproved) {
      SLUICE_ASSIGN(const Standing now, judged(as_it_is));
      if (now.approved) return as_it_is;
      // Nobody votes on it any more: it would only be in the way of a new one until it expires.
      SLUICE_ASSIGN([[maybe_unused]] const bool closed,
                    requests_.close(as_it_is, State::kApproved, State::kWithdrawn, "sluice",
                                    std::string(kApproverGone)));
      poke();
      continue;
    }
    // What was looked at now is no reason to let through what somebody else waits for.
    if (as_it_is.state == State::kWaiting && !request.automatic) return as_it_is;
  }
  if (!request.automatic) SLUICE_TRY(can_be_approved(request, *directory_));
  SLUICE_ASSIGN(const auto waiting,
                requests_.list({State::kWaiting, request.subject.requester, kMostOpen}));
  if (waiting.size() == kMostOpen) {
    return fail(ErrorCode::kDenied,
                fmt::format("{} requests of yours are waiting already: withdraw some with sluice "
                            "approval withdraw N",
                            kMostOpen));
  }
  request.created_micros = now();
  request.expires_micros = request.created_micros + micros(valid);
  SLUICE_TRY(requests_.note_time(request.created_micros));
  SLUICE_ASSIGN(request.number, requests_.add(request));
  if (request.automatic) return grant(std::move(request));
  return requests_.find(request.number);
}

Result<Request> Desk::use(int64_t number, const Subject& subject) {
  return alone([&] { return use_alone(number, subject); });
}

Result<Request> Desk::use_alone(int64_t number, const Subject& subject) {
  SLUICE_ASSIGN(auto request, current(number));
  const auto no = [&](std::string_view text) {
    return fail(ErrorCode::kDenied, fmt::format("request {} {}", number, text));
  };
  if (request.state != State::kApproved) {
    std::string text = fmt::format("is {}", name_of(request.state));
    if (!request.reason.empty()) text += ": " + request.reason;
    return no(text);
  }
  if (digest(subject, request.max_rows, request.expires_micros) != request.granted) {
    return no(fmt::format("was approved for something else: {} has changed since; ask again",
                          difference(request.subject, subject)));
  }
  if (!made_by_them(request, *directory_))
    return no("was made by somebody else of that name; ask again");
  if (directory_->find(request.subject.requester)->disabled)
    return no("was made by somebody who is disabled; ask again");
  Standing votes;
  if (!request.automatic) {
    SLUICE_ASSIGN(votes, judged(request));
    if (!votes.approved) return no(fmt::format("{}; ask again", kApproverGone));
  }
  const int64_t when = now();
  SLUICE_TRY(requests_.note_time(when));
  SLUICE_ASSIGN(const bool used, requests_.use(request, when));
  if (!used) return no("has been used a moment ago");
  SLUICE_ASSIGN(auto as_used, requests_.find(number));
  // The record names those who have let it through, and not who had voted besides.
  as_used.votes = std::move(votes.counted);
  return as_used;
}

Result<Request> Desk::vote(int64_t number, Vote vote) {
  if (vote.comment.size() > kLongestComment)
    return fail(ErrorCode::kInvalidInput,
                fmt::format("a comment has at most {} bytes", kLongestComment));
  return alone([&] { return vote_alone(number, std::move(vote)); });
}

Result<Request> Desk::vote_alone(int64_t number, Vote vote) {
  SLUICE_ASSIGN(auto request, current(number));
  SLUICE_TRY(may_vote_now(request, vote));
  vote.time_micros = now();
  SLUICE_TRY(requests_.note_time(vote.time_micros));
  SLUICE_TRY(requests_.add_vote(request, vote));
  SLUICE_ASSIGN(request, requests_.find(number));
  if (vote.verdict == Verdict::kReject) {
    SLUICE_ASSIGN(
        [[maybe_unused]] const bool closed,
        requests_.close(request, request.state, State::kRejected, vote.voter, vote.comment));
    poke();
    return requests_.find(number);
  }
  if (request.state != State::kWaiting) return request;
  SLUICE_ASSIGN(const Standing now, judged(request));
  return now.approved ? grant(std::move(request)) : Result<Request>(std::move(request));
}

Result<> Desk::withdraw(int64_t number, const std::string& actor, const std::string& why) {
  return alone([&] { return withdraw_alone(number, actor, why); });
}

Result<> Desk::withdraw_alone(int64_t number, const std::string& actor, const std::string& why) {
  SLUICE_ASSIGN(const auto request, current(number));
  if (request.subject.requester != actor)
    return fail(ErrorCode::kDenied, fmt::format("request {} is not yours", number));
  if (request.state != State::kWaiting && request.state != State::kApproved)
    return fail(ErrorCode::kDenied,
                fmt::format("request {} is {} already", number, name_of(request.state)));
  SLUICE_ASSIGN([[maybe_unused]] const bool closed,
                requests_.close(request, request.state, State::kWithdrawn, actor, why));
  poke();
  return {};
}

Result<Request> Desk::find(int64_t number) {
  const std::lock_guard lock(mutex_);
  return current(number);
}

Result<std::vector<Request>> Desk::list(const Wanted& wanted) {
  const std::lock_guard lock(mutex_);
  return requests_.list(wanted);
}

std::vector<std::string> Desk::missing(const Request& request) {
  catch_up();
  const std::lock_guard lock(mutex_);
  if (request.state != State::kWaiting) return {};
  const auto now = judged(request);
  return now ? now->missing : std::vector<std::string>{now.error().text};
}

Result<bool> Desk::stands(const Request& request) {
  catch_up();
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const Standing now, judged(request));
  return now.approved;
}

Result<> Desk::could_vote(Request request, const Vote& vote) {
  catch_up();
  const std::lock_guard lock(mutex_);
  request.state = State::kWaiting;
  return may_vote_now(request, vote);
}

/// Those that have ended count as well: a vote that was given in time stays.
Result<Standing> Desk::judged(const Request& request) {
  SLUICE_ASSIGN(const auto all, delegations_.list(request.created_micros));
  return standing(request, {*directory_, all, now()});
}

Result<> Desk::may_vote_now(const Request& request, const Vote& vote) {
  const int64_t when = now();
  SLUICE_ASSIGN(const auto all, delegations_.list(when));
  return may_vote(request, vote, {*directory_, all, when});
}

Result<Delegation> Desk::delegate(Delegation delegation) {
  return alone([&]() -> Result<Delegation> {
    const int64_t when = now();
    if (delegation.begin_micros < when) delegation.begin_micros = when;
    delegation.created_micros = when;
    SLUICE_TRY(check_delegation(delegation, *directory_, when));
    SLUICE_TRY(requests_.note_time(when));
    SLUICE_ASSIGN(delegation.number, delegations_.add(delegation));
    return delegation;
  });
}

Result<std::vector<Delegation>> Desk::delegations() {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto all, delegations_.list(now()));
  std::erase_if(all, [](const Delegation& each) { return each.ended_micros != 0; });
  return all;
}

Result<> Desk::end_delegation(int64_t number, const std::string& actor) {
  return alone([&]() -> Result<> { return delegations_.end(number, actor, now()); });
}

Result<> Desk::escalate(int64_t number) {
  auto known = escalations_.find(number);
  if (known == escalations_.end()) {
    SLUICE_ASSIGN(const auto request, requests_.find(number));
    known = escalations_.emplace(number, std::vector<int64_t>()).first;
    for (const Need& need : request.needs) {
      for (const auto& stage : need.stages) {
        for (const auto& step : stage.escalate)
          known->second.push_back(request.created_micros + micros(step.after));
      }
    }
  }
  auto& due = known->second;
  const int64_t when = now();
  if (std::none_of(due.begin(), due.end(), [&](int64_t at) { return at <= when; })) return {};
  std::erase_if(due, [&](int64_t at) { return at <= when; });
  SLUICE_ASSIGN(const auto request, requests_.find(number));
  for (const Need& need : request.needs) {
    for (const auto& stage : need.stages) {
      for (const auto& step : stage.escalate) {
        if (request.created_micros + micros(step.after) > when) continue;
        SLUICE_ASSIGN([[maybe_unused]] const bool told,
                      requests_.escalate(request, step.after, step.groups));
      }
    }
  }
  return {};
}

uint64_t Desk::watch(int64_t number, std::function<void()> decided) {
  const std::lock_guard lock(mutex_);
  watchers_.emplace(next_watch_, Watcher{number, std::move(decided)});
  poke();
  return next_watch_++;
}

void Desk::forget(uint64_t watch) {
  const std::lock_guard lock(mutex_);
  watchers_.erase(watch);
}

void Desk::forget_all() {
  const std::lock_guard calling(calling_);
  const std::lock_guard lock(mutex_);
  watchers_.clear();
}

void Desk::poke() {
  poked_ = true;
  wake_.notify_all();
}

void Desk::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    poked_ = false;
    // Locked while it reads the store; those it calls are called without.
    lock.unlock();
    if (const auto looked = look(); !looked)
      log::error("approvals cannot be read: {}", looked.error().text);
    lock.lock();
    wake_.wait_for(lock, kLook, [this] { return stopping_ || poked_; });
  }
}

/// Closes what is over, and tells whose requests wait no more.
Result<> Desk::look() {
  const std::lock_guard calling(calling_);
  std::vector<std::function<void()>> decided;
  {
    const std::lock_guard lock(mutex_);
    SLUICE_ASSIGN(const auto open, requests_.all_open());
    std::set<int64_t> waiting;
    for (const auto& each : open) {
      const bool over = now() >= each.expires_micros;
      if (over) SLUICE_TRY(current(each.number));
      if (!each.waiting || over) continue;
      waiting.insert(each.number);
      SLUICE_TRY(escalate(each.number));
    }
    std::erase_if(escalations_, [&](const auto& each) { return !waiting.contains(each.first); });
    for (auto at = watchers_.begin(); at != watchers_.end();) {
      const bool still = waiting.contains(at->second.number);
      if (!still) decided.push_back(std::move(at->second.decided));
      at = still ? std::next(at) : watchers_.erase(at);
    }
  }
  for (const auto& call : decided) call();
  return {};
}

}  // namespace sluice::approval
