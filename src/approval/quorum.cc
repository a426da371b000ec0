#include "approval/quorum.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::approval {
namespace {

bool in_some(const identity::User& user, const std::vector<std::string>& groups) {
  return std::any_of(user.groups.begin(), user.groups.end(), [&](const std::string& group) {
    return std::find(groups.begin(), groups.end(), group) != groups.end();
  });
}

bool is_requester(const identity::User& user, const Request& request) {
  const auto& persons = request.persons;
  const auto among = [&](const std::string& name) {
    return std::find(persons.begin(), persons.end(), name) != persons.end();
  };
  return user.name == request.subject.requester || among(person_of(user)) || among(user.name);
}

/// Somebody who counts at all, whatever the stage; or why not.
Result<const identity::User*> eligible(const Request& request, const std::string& name,
                                       const identity::Directory& directory) {
  const auto no = [&](std::string text) { return fail(ErrorCode::kDenied, std::move(text)); };
  const identity::User* user = directory.find(name);
  if (user == nullptr || user->disabled)
    return no(fmt::format("user \"{}\" is gone or disabled", name));
  if (user->kind != identity::UserKind::kHuman)
    return no(
        fmt::format("\"{}\" is a {}: only people decide", name, identity::name_of(user->kind)));
  if (is_requester(*user, request))
    return no("who asks for something does not decide on it, under any name");
  return user;
}

/// How far one need has got.
struct Progress {
  std::set<std::string> persons;  ///< that have been counted
  const policy::ApprovalStage* open = nullptr;
  unsigned lacking = 0;
};

Progress progress(const Need& need, const Request& request, const identity::Directory& directory) {
  Progress result;
  auto vote = request.votes.begin();
  for (const policy::ApprovalStage& stage : need.stages) {
    unsigned got = 0;
    // In the order in which they came: a later stage is not decided on before the earlier one is.
    for (; vote != request.votes.end() && got < stage.people; ++vote) {
      if (vote->verdict != Verdict::kApprove) continue;
      const auto user = eligible(request, vote->voter, directory);
      if (!user || !in_some(**user, stage.groups)) continue;
      if (result.persons.insert(person_of(**user)).second) ++got;
    }
    if (got < stage.people) {
      result.open = &stage;
      result.lacking = stage.people - got;
      return result;
    }
  }
  return result;
}

}  // namespace

std::string person_of(const identity::User& user) {
  const auto found = user.attributes.find("person");
  return found == user.attributes.end() ? user.name : found->second;
}

Standing standing(const Request& request, const identity::Directory& directory) {
  Standing result;
  for (const Need& need : request.needs) {
    const Progress now = progress(need, request, directory);
    if (now.open == nullptr) continue;
    result.missing.push_back(fmt::format("rule \"{}\": {} more of {}", need.rule, now.lacking,
                                         fmt::join(now.open->groups, ", ")));
  }
  result.approved = result.missing.empty() && !request.needs.empty();
  return result;
}

Result<> may_vote(const Request& request, const std::string& voter, Verdict verdict,
                  const identity::Directory& directory) {
  if (verdict == Verdict::kComment) return {};
  if (request.state != State::kWaiting && request.state != State::kApproved)
    return fail(ErrorCode::kDenied,
                fmt::format("request {} is {} already", request.number, name_of(request.state)));
  SLUICE_ASSIGN(const identity::User* user, eligible(request, voter, directory));
  bool counted = false;
  std::vector<std::string> groups;
  for (const Need& need : request.needs) {
    const Progress now = progress(need, request, directory);
    for (const policy::ApprovalStage& stage : need.stages) {
      const bool asked = verdict == Verdict::kReject || &stage == now.open;
      if (!asked) continue;
      groups.insert(groups.end(), stage.groups.begin(), stage.groups.end());
      if (!in_some(*user, stage.groups)) continue;
      if (verdict == Verdict::kReject || !now.persons.contains(person_of(*user))) return {};
      counted = true;
    }
  }
  if (counted)
    return fail(ErrorCode::kDenied, "you have approved it already; it takes somebody else now");
  if (groups.empty())
    return fail(ErrorCode::kDenied, fmt::format("request {} is approved already", request.number));
  return fail(ErrorCode::kDenied, fmt::format("\"{}\" is in none of the groups that decide now: {}",
                                              voter, fmt::join(groups, ", ")));
}

Result<> can_be_approved(const Request& request, const identity::Directory& directory) {
  for (const Need& need : request.needs) {
    std::set<std::string> everybody;
    for (const policy::ApprovalStage& stage : need.stages) {
      std::set<std::string> persons;
      for (const identity::User& user : directory.users()) {
        if (eligible(request, user.name, directory) && in_some(user, stage.groups))
          persons.insert(person_of(user));
      }
      everybody.insert(persons.begin(), persons.end());
      if (persons.size() >= stage.people) continue;
      return fail(ErrorCode::kDenied,
                  fmt::format("rule \"{}\" asks for {} of {}, and {} could", need.rule,
                              stage.people == 1 ? "somebody" : std::to_string(stage.people),
                              fmt::join(stage.groups, ", "),
                              persons.empty() ? "nobody" : fmt::format("only {}", persons.size())));
    }
    unsigned wanted = 0;
    for (const policy::ApprovalStage& stage : need.stages) wanted += stage.people;
    if (everybody.size() < wanted)
      return fail(ErrorCode::kDenied,
                  fmt::format("rule \"{}\" asks for {} different people in all, and only {} could",
                              need.rule, wanted, everybody.size()));
  }
  return {};
}

}  // namespace sluice::approval
