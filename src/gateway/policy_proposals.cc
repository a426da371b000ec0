#include "gateway/policy_proposals.h"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "approval/person.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"

namespace sluice::gateway {
namespace {

namespace json = boost::json;

/// No server says this of a session: what is approved here never lets a statement run.
constexpr std::string_view kSession = "sluice policy";
constexpr auto kValid = std::chrono::hours(7 * 24);
/// How long after its approval a policy is saved that was not at once: the gateway had ended.
constexpr int64_t kLateMicros = 3'600'000'000;
constexpr size_t kMostLooked = 100;

/// What else belongs to a proposal than its text.
struct About {
  std::string name, comment;
  int64_t expected = 0;
};

std::string text_of(const About& about) {
  return json::serialize(
      json::object{{"name", about.name}, {"comment", about.comment}, {"expected", about.expected}});
}

Result<About> about_of(const approval::Request& request) {
  json::error_code error;
  const auto value = json::parse(request.subject.parameters, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* name = object == nullptr ? nullptr : object->if_contains("name");
  const auto* comment = object == nullptr ? nullptr : object->if_contains("comment");
  const auto* expected = object == nullptr ? nullptr : object->if_contains("expected");
  if (name == nullptr || comment == nullptr || expected == nullptr || !name->is_string() ||
      !comment->is_string() || !expected->is_int64())
    return fail(ErrorCode::kInvalidInput, "this is not what was asked for");
  return About{std::string(name->get_string()), std::string(comment->get_string()),
               expected->get_int64()};
}

/// How the version in the store says from which request it comes.
std::string author_of(const approval::Request& request) {
  constexpr size_t kLongest = 200;  // bytes of an author
  const auto text =
      fmt::format("{}, approved: request {}", request.subject.requester, request.summary());
  return std::string(utf8_prefix(text, kLongest));
}

/// Whether it was put to those who approve policies now, and to nobody else.
bool are_approved_by(const approval::Request& request, const std::vector<std::string>& groups) {
  if (request.needs.size() != 1 || request.needs.front().stages.size() != 1) return false;
  const auto& asked = request.needs.front().stages.front().groups;
  return std::is_permutation(asked.begin(), asked.end(), groups.begin(), groups.end());
}

/// Whether an error comes again however often it is tried: what is asked for is wrong, may not be,
/// or is too late.
bool lasts(ErrorCode code) {
  return code == ErrorCode::kInvalidInput || code == ErrorCode::kDenied ||
         code == ErrorCode::kExists || code == ErrorCode::kNotFound;
}

std::string brief_of(const About& about, const std::string& in_force) {
  return json::serialize(
      json::object{{"why", fmt::format("a policy to follow {}{}{}", in_force,
                                       about.comment.empty() ? "" : ": ", about.comment)},
                   {"kind", "policy"},
                   {"actions", json::array()},
                   {"tables", json::array()},
                   {"lint", json::array()}});
}

}  // namespace

Result<approval::Request> PolicyProposals::propose(const identity::Directory& directory,
                                                   const store::PolicyVersion& next,
                                                   const std::string& name, int64_t expected,
                                                   const std::vector<std::string>& groups,
                                                   approval::Login login) {
  SLUICE_TRY(policies_.could_save(next, name, expected));
  const identity::User* user = directory.find(next.author);
  if (user == nullptr)
    return fail(ErrorCode::kDenied, fmt::format("there is no user \"{}\"", next.author));
  // Whoever makes a service or an agent, or its token, could approve what they propose by it.
  if (user->kind != identity::UserKind::kHuman) {
    return fail(
        ErrorCode::kDenied,
        fmt::format("\"{}\" is a {}: where policies are approved (policy.approve_by), people "
                    "propose them; sluice login",
                    user->name, identity::name_of(user->kind)));
  }
  const auto in_force = policies_.in_force();
  const About about{name, next.comment, expected};
  approval::Request request;
  request.subject.statement = next.text;
  request.subject.parameters = text_of(about);
  request.subject.requester = user->name;
  request.subject.session = kSession;
  request.subject.policy = in_force.policy->version();
  request.persons = {approval::person_of(*user)};
  request.requester_kind = identity::name_of(user->kind);
  request.login = std::move(login);
  request.login.groups = user->groups;
  policy::ApprovalStage stage;
  stage.groups = groups;
  request.needs.push_back({"policy.approve_by", {std::move(stage)}});
  request.brief = brief_of(about, in_force.policy->name());
  return desk_.ask(std::move(request), kValid);
}

Result<> PolicyProposals::look(Gateway& gateway) {
  if (policies_.approvers().empty()) return {};
  const std::lock_guard lock(mutex_);
  // Until it says otherwise.
  again_ = true;
  auto looked = look_locked(gateway);
  if (looked) again_ = false;
  return looked;
}

void PolicyProposals::look_again(Gateway& gateway) {
  {
    const std::lock_guard lock(mutex_);
    if (!again_) return;
  }
  (void)look(gateway);
}

Result<> PolicyProposals::look_locked(Gateway& gateway) {
  SLUICE_TRY(look_at(gateway, approval::State::kApproved));
  // What was used and not saved: a gateway that ended in between has left such behind, or a store
  // that was away at that moment.
  if (used_seen_) return {};
  SLUICE_TRY(look_at(gateway, approval::State::kUsed));
  used_seen_ = true;
  return {};
}

/// Those of which something may come: however many statements were approved since.
Result<std::vector<approval::Request>> PolicyProposals::proposed(approval::State state) {
  const int64_t oldest =
      wall_micros() - kLateMicros -
      std::chrono::duration_cast<std::chrono::microseconds>(Duration(kValid)).count();
  std::vector<approval::Request> all;
  approval::Wanted wanted;
  wanted.state = state;
  wanted.limit = kMostLooked;
  for (;;) {
    SLUICE_ASSIGN(auto some, desk_.list(wanted));
    for (auto& request : some) {
      wanted.before = request.number;
      if (request.created_micros < oldest) return all;
      if (request.subject.session == kSession) all.push_back(std::move(request));
    }
    if (some.size() < kMostLooked) return all;
  }
}

Result<> PolicyProposals::look_at(Gateway& gateway, approval::State state) {
  SLUICE_ASSIGN(auto requests, proposed(state));
  Result<> all;
  for (auto& request : requests) {
    if (failed_.contains(request.number)) continue;
    const bool late = request.used_micros != 0 && request.used_micros < wall_micros() - kLateMicros;
    if (late) continue;
    const int64_t number = request.number;
    auto settled = settle(gateway, std::move(request));
    if (settled) continue;
    const bool for_good = lasts(settled.error().code);
    // It may have been used before it could not be saved.
    if (!for_good) used_seen_ = false;
    if (for_good || told_.insert(number).second) {
      log::error("the policy of request {} is not saved{}: {}", number, for_good ? "" : " yet",
                 settled.error().text);
    }
    if (for_good) {
      failed_.insert(number);
    } else if (all) {
      all = std::move(settled);
    }
  }
  return all;
}

Result<bool> PolicyProposals::is_saved(const approval::Request& request) {
  SLUICE_ASSIGN(const auto versions, policies_.versions());
  const std::string author = author_of(request);
  return std::any_of(versions.begin(), versions.end(),
                     [&](const auto& version) { return version.author == author; });
}

/// Nothing can come of it any more: whoever asked sees why. One that another gateway has used in
/// the meantime stays.
Result<> PolicyProposals::give_up(int64_t number, const std::string& why) {
  SLUICE_ASSIGN(const auto request, desk_.find(number));
  if (request.state != approval::State::kApproved) return {};
  auto withdrawn = desk_.withdraw(number, request.subject.requester, why);
  if (!withdrawn && withdrawn.error().code == ErrorCode::kDenied) return {};
  return withdrawn;
}

Result<> PolicyProposals::settle(Gateway& gateway, approval::Request request) {
  SLUICE_ASSIGN(const auto about, about_of(request));
  if (request.state == approval::State::kApproved) {
    if (!are_approved_by(request, policies_.approvers()))
      return give_up(request.number,
                     "others approve policies by now (policy.approve_by): ask again");
    // Another gateway may have saved what this one is to follow.
    SLUICE_ASSIGN([[maybe_unused]] const bool another, policies_.refresh(gateway));
    approval::Subject now = request.subject;
    now.policy = policies_.in_force().policy->version();
    auto used = desk_.use(request.number, now);
    if (!used && used.error().code == ErrorCode::kDenied)
      return give_up(request.number, used.error().text);
    if (!used) return fail(std::move(used.error()));
    request = std::move(*used);
  } else {
    SLUICE_ASSIGN(const bool saved, is_saved(request));
    if (saved) return {};
  }
  store::PolicyVersion next;
  next.text = request.subject.statement;
  next.author = author_of(request);
  next.comment = about.comment;
  SLUICE_ASSIGN([[maybe_unused]] const auto saved,
                policies_.save(gateway, std::move(next), about.name, about.expected));
  return {};
}

}  // namespace sluice::gateway
