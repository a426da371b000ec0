#include "access/keeper.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "access/people.h"
#include "approval/quorum.h"
#include "approval/request_store.h"
#include "base/log.h"

namespace sluice::access {
namespace {

namespace json = boost::json;

constexpr size_t kLongestReason = 2000;
constexpr size_t kLongestTicket = 200;
/// Open requests of one holder; more is a program that asks in a loop.
constexpr size_t kMostWaiting = 20;
/// Latest grants of one holder among which one may be that is asked for at two gateways at once.
constexpr size_t kMostCompared = 100;

int64_t micros(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

tl::unexpected<Error> denied(std::string text) { return fail(ErrorCode::kDenied, std::move(text)); }

Result<> check_words(const Wish& wish) {
  if (wish.reason.empty())
    return fail(ErrorCode::kInvalidInput, "say why: a reason goes on the record");
  if (wish.reason.size() > kLongestReason || wish.ticket.size() > kLongestTicket) {
    return fail(ErrorCode::kInvalidInput, fmt::format("a reason has at most {} bytes, a ticket {}",
                                                      kLongestReason, kLongestTicket));
  }
  return {};
}

Result<> check_span(const policy::Role& role, Duration lasts, Duration most) {
  if (lasts < std::chrono::seconds(1)) return fail(ErrorCode::kInvalidInput, "at least for 1s");
  if (lasts <= most) return {};
  return denied(fmt::format("role \"{}\" lasts at most {}, with all extensions", role.name,
                            duration_text(micros(most))));
}

/// What those who decide are shown; the shape is that of a statement's (approval/brief.h).
std::string brief_of(const GrantRow& grant, const policy::Role& role) {
  json::array groups(grant.groups.begin(), grant.groups.end());
  json::object what{{"role", grant.role},          {"description", role.description},
                    {"groups", std::move(groups)}, {"lasts", duration_text(grant.lasts_micros)},
                    {"reason", grant.reason},      {"ticket", grant.ticket}};
  if (grant.extends != 0) what["extends"] = grant.extends;
  if (!grant.acts_for.empty()) what["acts_for"] = grant.acts_for;
  return json::serialize(
      json::object{{"why", fmt::format("role \"{}\" at {} is given by people: {}", grant.role,
                                       grant.database, grant.reason)},
                   {"kind", "grant"},
                   {"grant", std::move(what)},
                   {"actions", json::array()},
                   {"tables", json::array()},
                   {"lint", json::array()}});
}

}  // namespace

std::string duration_text(int64_t micros) {
  const int64_t seconds = micros / 1'000'000;
  std::string out;
  if (seconds >= 3600) out += fmt::format("{}h", seconds / 3600);
  if (seconds % 3600 >= 60) out += fmt::format("{}m", seconds % 3600 / 60);
  if (seconds % 60 != 0 || out.empty()) out += fmt::format("{}s", seconds % 60);
  return out;
}

approval::Subject subject_of(const GrantRow& grant, const std::string& policy_version) {
  approval::Subject subject;
  subject.statement =
      grant.extends == 0
          ? fmt::format("role \"{}\" at \"{}\" for {}", grant.role, grant.database,
                        duration_text(grant.lasts_micros))
          : fmt::format("grant {} of role \"{}\" at \"{}\" for {} more", grant.extends, grant.role,
                        grant.database, duration_text(grant.lasts_micros));
  subject.statement += "\nreason: " + grant.reason;
  if (!grant.ticket.empty()) subject.statement += "\nticket: " + grant.ticket;
  if (!grant.acts_for.empty()) subject.statement += "\nacting for: " + grant.acts_for;
  for (const std::string& field :
       {grant.role, grant.acts_for, grant.reason, grant.ticket, std::to_string(grant.lasts_micros),
        std::to_string(grant.extends), std::to_string(grant.holder_created_micros)}) {
    subject.parameters += approval::with_length(field);
  }
  for (const auto& group : grant.groups) subject.parameters += approval::with_length(group);
  subject.requester = grant.holder;
  subject.database = grant.database;
  // No server says this of a session: what is approved here never lets a statement run.
  subject.session = "sluice grant";
  subject.policy = policy_version;
  return subject;
}

Result<std::unique_ptr<Keeper>> Keeper::open(store::Database database, approval::Desk& desk,
                                             std::function<Surroundings()> surroundings,
                                             std::function<int64_t()> wall) {
  std::unique_ptr<Keeper> keeper(
      new Keeper(std::move(database), desk, std::move(surroundings), std::move(wall)));
  SLUICE_ASSIGN(const int64_t latest, approval::RequestStore(keeper->database_).latest_time());
  keeper->clock_.not_before(latest);
  return keeper;
}

Result<const policy::Role*> Keeper::role_for(const Surroundings& around, const Asker& asker,
                                             const Wish& wish, bool break_glass) {
  SLUICE_TRY(check_words(wish));
  const auto environment = around.environments.find(wish.database);
  if (environment == around.environments.end())
    return fail(ErrorCode::kNotFound, fmt::format("there is no database \"{}\"", wish.database));
  if (!asker.databases.empty() && std::find(asker.databases.begin(), asker.databases.end(),
                                            wish.database) == asker.databases.end())
    return denied(fmt::format("what you have shown is not good for \"{}\"", wish.database));
  const policy::Role* role = policy::find_role(*around.policy, wish.role);
  if (role == nullptr)
    return fail(ErrorCode::kNotFound, fmt::format("the policy has no role \"{}\"", wish.role));
  const identity::User* user = around.directory->find(asker.principal.user);
  if (user == nullptr || user->disabled) return denied("you are gone or disabled");
  policy::Circumstances now;
  now.now_micros = this->now();
  now.client_address = asker.client_address;
  now.authenticated_micros = asker.principal.authenticated_micros;
  SLUICE_TRY(policy::may_ask(*role, break_glass, asker.principal,
                             {wish.database, environment->second}, now));
  // Nobody has by a grant what those for whom they act have not: it would be of no use to them.
  for (const auto& actor : asker.principal.actors) {
    const identity::User* other = around.directory->find(actor);
    if (other == nullptr || other == user) continue;
    for (const auto& group : role->groups) {
      if (in_some(*other, {group})) continue;
      return denied(
          fmt::format("you act for \"{}\", who is not in {}: they can ask for it", actor, group));
    }
  }
  return role;
}

Result<GrantRow> Keeper::grant_of(const Surroundings& around, const Asker& asker, const Wish& wish,
                                  const policy::Role& role) const {
  const identity::User* user = around.directory->find(asker.principal.user);
  if (user == nullptr) return denied("you are gone");
  GrantRow grant;
  grant.holder = user->name;
  grant.holder_created_micros = user->created_micros;
  grant.person = person_behind(*around.directory, asker.principal);
  if (!asker.principal.actors.empty()) grant.acts_for = asker.principal.actors.back();
  grant.role = role.name;
  grant.database = wish.database;
  grant.groups = role.groups;
  grant.lasts_micros = micros(wish.lasts);
  grant.reason = wish.reason;
  grant.ticket = wish.ticket;
  return grant;
}

/// Puts it to those who decide, and keeps it.
Result<GrantRow> Keeper::ask_for(const Surroundings& around, const Asker& asker, const Wish& wish,
                                 const policy::Role& role, GrantRow grant) {
  SLUICE_ASSIGN(const auto waiting,
                grants_.list({GrantState::kWaiting, grant.holder, kMostWaiting}));
  if (waiting.size() == kMostWaiting)
    return denied(fmt::format("{} requests of yours are waiting already", kMostWaiting));
  const std::string& environment = around.environments.at(wish.database);
  approval::Request request;
  request.subject = subject_of(grant, around.policy->version());
  request.persons = asker.principal.actors;
  request.persons.push_back(grant.person);
  const auto person = asker.principal.attributes.find("person");
  if (person != asker.principal.attributes.end()) request.persons.push_back(person->second);
  request.requester_kind = policy::name_of(asker.principal.kind);
  request.login = approval::Login::of(asker.principal);
  request.login.client = asker.client_address;
  request.environment = environment;
  request.needs.push_back({"role " + role.name, role.approve->stages});
  request.brief = brief_of(grant, role);
  policy::Circumstances now;
  now.now_micros = this->now();
  now.client_address = asker.client_address;
  now.authenticated_micros = asker.principal.authenticated_micros;
  const auto automatic =
      policy::decide_automatically(role, asker.principal, {wish.database, environment}, now);
  request.automatic = automatic.approved;
  request.evidence = automatic.evidence;
  SLUICE_ASSIGN(const auto asked, desk_.ask(std::move(request), role.approve->valid));
  for (const GrantRow& known : waiting) {
    if (known.request == asked.number) return known;
  }
  grant.request = asked.number;
  grant.created_micros = this->now();
  const std::string what = grant.extends == 0
                               ? fmt::format("asks for role \"{}\" at \"{}\" for {}", grant.role,
                                             grant.database, duration_text(grant.lasts_micros))
                               : fmt::format("asks for {} more of grant {}",
                                             duration_text(grant.lasts_micros), grant.extends);
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  // Another gateway may have kept it in between.
  SLUICE_ASSIGN(const auto kept, grants_.list({std::nullopt, grant.holder, kMostCompared}));
  for (const GrantRow& known : kept) {
    if (known.request == asked.number) return known;
  }
  SLUICE_ASSIGN(
      grant.number,
      grants_.add(grant, grant.holder,
                  fmt::format("{} (request {}): {}{}{}", what, grant.request, grant.reason,
                              grant.ticket.empty() ? "" : ", ticket ", grant.ticket)));
  SLUICE_TRY(transaction.commit());
  // What needs nobody is in force by the time the answer is there.
  SLUICE_TRY(settle(around, grant));
  return grants_.find(grant.number);
}

Result<GrantRow> Keeper::ask(const Asker& asker, const Wish& wish) {
  const auto around = surroundings_();
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const policy::Role* role, role_for(around, asker, wish, false));
  SLUICE_TRY(check_span(*role, wish.lasts, role->at_most));
  SLUICE_ASSIGN(auto grant, grant_of(around, asker, wish, *role));
  return ask_for(around, asker, wish, *role, std::move(grant));
}

/// One account of a person that has broken the glass unseen stops all of them.
Result<> Keeper::nothing_to_review(const Surroundings& around, const Asker& asker,
                                   const GrantRow& grant) {
  SLUICE_ASSIGN(const auto open, grants_.open());
  const approval::Somebody asking({grant.person}, *around.directory);
  for (const GrantRow& other : open) {
    if (!other.to_review()) continue;
    const auto& actors = asker.principal.actors;
    // Who has had the name is still who they were.
    const auto known = around.directory->called(other.person);
    const bool renamed =
        std::any_of(known.begin(), known.end(), [&](const auto* each) { return asking.is(*each); });
    const bool same = renamed || other.person == grant.person || other.holder == grant.holder ||
                      other.holder_created_micros == grant.holder_created_micros ||
                      std::find(actors.begin(), actors.end(), other.person) != actors.end();
    if (!same) continue;
    return denied(
        fmt::format("grant {}, for which you broke the glass, has not been reviewed yet by {}",
                    other.number, fmt::join(other.review_by, " or ")));
  }
  return {};
}

Result<GrantRow> Keeper::break_glass(const Asker& asker, const Wish& wish) {
  const auto around = surroundings_();
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const policy::Role* role, role_for(around, asker, wish, true));
  const policy::BreakGlass& glass = *role->break_glass;
  SLUICE_TRY(check_span(*role, wish.lasts, glass.at_most));
  SLUICE_ASSIGN(auto grant, grant_of(around, asker, wish, *role));
  // Another gateway on the store may be asked at the same time, by another account of theirs.
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(nothing_to_review(around, asker, grant));
  const auto& users = around.directory->users();
  const Holders holders(*around.directory, grant);
  const bool reviewed = std::any_of(users.begin(), users.end(), [&](const identity::User& user) {
    return decider(*around.directory, user.name) && in_some(user, glass.review_by) &&
           !holders.are(user);
  });
  if (!reviewed)
    return denied(fmt::format("nobody of {} but you could review it afterwards",
                              fmt::join(glass.review_by, ", ")));
  grant.state = GrantState::kActive;
  grant.break_glass = true;
  grant.created_micros = grant.from_micros = now();
  grant.until_micros = grant.from_micros + grant.lasts_micros;
  grant.review_by = glass.review_by;
  grant.review_due_micros = grant.from_micros + micros(glass.review_within);
  SLUICE_TRY(approval::RequestStore(database_).note_time(grant.from_micros));
  const std::string word = fmt::format(
      "BREAK GLASS: {} \"{}\" takes role \"{}\" at \"{}\" (groups {}) until {}, asking nobody: "
      "{}{}{}"
      "; to be reviewed by {} until {}",
      policy::name_of(asker.principal.kind), grant.holder, grant.role, grant.database,
      fmt::join(grant.groups, ", "), format_time(grant.until_micros), grant.reason,
      grant.ticket.empty() ? "" : ", ticket ", grant.ticket, fmt::join(grant.review_by, " or "),
      format_time(grant.review_due_micros));
  SLUICE_ASSIGN(grant.number, grants_.add(grant, grant.holder, word));
  SLUICE_TRY(transaction.commit());
  log::warn("grant {}: {}", grant.number, word);
  return grants_.find(grant.number);
}

Result<GrantRow> Keeper::extend(const Asker& asker, int64_t number, Wish wish) {
  const auto around = surroundings_();
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto grant, grants_.find(number));
  if (grant.holder != asker.principal.user)
    return denied(fmt::format("grant {} is not yours", number));
  if (grant.state != GrantState::kActive || grant.extends != 0)
    return denied(fmt::format("grant {} is {}", number, name_of(grant.state)));
  if (grant.break_glass)
    return denied(
        fmt::format("grant {} was taken without asking, and ends in time: ask for the "
                    "role with sluice request",
                    number));
  wish.role = grant.role;
  wish.database = grant.database;
  SLUICE_ASSIGN(const policy::Role* role, role_for(around, asker, wish, false));
  SLUICE_TRY(check_span(*role, wish.lasts, role->at_most));
  const int64_t until = grant.until_micros + micros(wish.lasts);
  if (until > grant.from_micros + micros(role->at_most))
    return denied(fmt::format("role \"{}\" lasts at most {}, with all extensions: until {}",
                              role->name, duration_text(micros(role->at_most)),
                              format_time(grant.from_micros + micros(role->at_most))));
  SLUICE_ASSIGN(auto extension, grant_of(around, asker, wish, *role));
  if (extension.acts_for != grant.acts_for)
    return denied(
        fmt::format("grant {} was asked for {}", number,
                    grant.acts_for.empty() ? "by you yourself" : "for \"" + grant.acts_for + "\""));
  extension.extends = number;
  return ask_for(around, asker, wish, *role, std::move(extension));
}

Result<> Keeper::end(const GrantRow& grant, GrantState to, const std::string& actor,
                     const std::string& why) {
  SLUICE_ASSIGN([[maybe_unused]] const bool ended, grants_.end(grant, to, now(), actor, why));
  return {};
}

/// What another gateway begins or ends in between is looked at anew: nobody is told that it has
/// ended while it goes on.
Result<GrantRow> Keeper::ended(int64_t number,
                               const std::function<Result<bool>(const GrantRow&)>& step) {
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    SLUICE_ASSIGN(const auto grant, grants_.find(number));
    if (grant.state != GrantState::kWaiting && grant.state != GrantState::kActive)
      return denied(fmt::format("grant {} is {} already", number, name_of(grant.state)));
    SLUICE_ASSIGN(const bool done, step(grant));
    if (done) return grants_.find(number);
  }
  return fail(
      ErrorCode::kUnavailable,
      fmt::format("grant {} is being changed elsewhere, and has not ended: try again", number));
}

Result<GrantRow> Keeper::give_back(const std::string& user, int64_t number,
                                   const std::string& why) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto before, grants_.find(number));
  if (before.holder != user) return denied(fmt::format("grant {} is not yours", number));
  return ended(number, [&](const GrantRow& grant) -> Result<bool> {
    if (grant.state == GrantState::kActive)
      return grants_.end(grant, GrantState::kReturned, now(), user, why);
    // Taken back at the desk too, where it could still be approved.
    if (const auto withdrawn = desk_.withdraw(grant.request, user, why);
        !withdrawn && withdrawn.error().code != ErrorCode::kDenied)
      return fail(withdrawn.error());
    return grants_.end(grant, GrantState::kRefused, now(), user, why.empty() ? "withdrawn" : why);
  });
}

Result<GrantRow> Keeper::revoke(const std::string& user, const std::string& actor, int64_t number,
                                const std::string& why) {
  const auto around = surroundings_();
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto before, grants_.find(number));
  if (!user.empty()) {
    SLUICE_ASSIGN(const identity::User* who, decider(*around.directory, user));
    const auto groups = revokers(*around.policy, before);
    if (!in_some(*who, groups))
      return denied(fmt::format("\"{}\" is in none of {}", user, fmt::join(groups, ", ")));
  }
  return ended(number, [&](const GrantRow& grant) {
    const bool active = grant.state == GrantState::kActive;
    // Where they are asked, that is their answer; nobody else need give one any more.
    if (!active && !user.empty())
      (void)desk_.vote(grant.request, {user, approval::Verdict::kReject, why});
    return grants_.end(grant, active ? GrantState::kRevoked : GrantState::kRefused, now(), actor,
                       why);
  });
}

Result<GrantRow> Keeper::review(const std::string& user, int64_t number, bool concern,
                                const std::string& comment) {
  const auto around = surroundings_();
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto grant, grants_.find(number));
  if (!grant.break_glass)
    return denied(
        fmt::format("grant {} was approved beforehand: nothing is to be reviewed", number));
  if (!grant.to_review())
    return denied(fmt::format("grant {} has been reviewed by {}", number, grant.reviewer));
  if (grant.state == GrantState::kActive)
    return denied(
        fmt::format("grant {} is still in force: it is reviewed when it is over", number));
  SLUICE_ASSIGN(const identity::User* who, decider(*around.directory, user));
  if (Holders(*around.directory, grant).are(*who))
    return denied("who has broken the glass does not review it, under any name");
  if (!in_some(*who, grant.review_by))
    return denied(fmt::format("\"{}\" is in none of {}", user, fmt::join(grant.review_by, ", ")));
  if (concern && comment.empty()) return fail(ErrorCode::kInvalidInput, "say what the concern is");
  if (comment.size() > kLongestReason)
    return fail(ErrorCode::kInvalidInput,
                fmt::format("a comment has at most {} bytes", kLongestReason));
  SLUICE_ASSIGN([[maybe_unused]] const bool done,
                grants_.review(grant, now(), user, concern, comment));
  return grants_.find(number);
}

Result<GrantRow> Keeper::find(int64_t number) {
  const std::lock_guard lock(mutex_);
  return grants_.find(number);
}

Result<std::vector<GrantRow>> Keeper::list(const identity::WantedGrants& wanted) {
  const std::lock_guard lock(mutex_);
  return grants_.list(wanted);
}

bool Keeper::may_see(const std::string& user, const GrantRow& grant) {
  const auto around = surroundings_();
  const identity::User* who = around.directory->find(user);
  if (who == nullptr) return false;
  const bool theirs = grant.holder == user && grant.created_micros >= who->since();
  return theirs || in_some(*who, revokers(*around.policy, grant));
}

bool Keeper::is_access_reviewer(const std::string& user) {
  const auto around = surroundings_();
  const auto who = decider(*around.directory, user);
  return who && in_some(**who, around.policy->access_reviewers());
}

Summary Keeper::summary() {
  const std::lock_guard lock(mutex_);
  return summary_;
}

}  // namespace sluice::access
