#include "access/people.h"

#include <algorithm>

#include <fmt/format.h>

#include "approval/person.h"

namespace sluice::access {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

policy::PrincipalKind kind_of(identity::UserKind kind) {
  switch (kind) {
    case identity::UserKind::kService:
      return policy::PrincipalKind::kService;
    case identity::UserKind::kAgent:
      return policy::PrincipalKind::kAgent;
    case identity::UserKind::kHuman:
      break;
  }
  return policy::PrincipalKind::kHuman;
}

/// Whose account it is; of nobody's, its own name.
std::string person_named(const identity::Directory& directory, const std::string& name) {
  const identity::User* known = directory.find(name);
  return known == nullptr ? name : approval::person_of(*known);
}

}  // namespace

bool in_some(const identity::User& user, const std::vector<std::string>& groups) {
  return std::any_of(user.groups.begin(), user.groups.end(),
                     [&](const std::string& group) { return contains(groups, group); });
}

std::string person_behind(const identity::Directory& directory,
                          const policy::Principal& principal) {
  if (!principal.actors.empty()) return person_named(directory, principal.actors.back());
  const auto person = principal.attributes.find("person");
  return person == principal.attributes.end() ? principal.user : person->second;
}

Result<const identity::User*> decider(const identity::Directory& directory,
                                      const std::string& name) {
  const identity::User* user = directory.find(name);
  if (user == nullptr || user->disabled)
    return fail(ErrorCode::kDenied, fmt::format("user \"{}\" is gone or disabled", name));
  if (user->kind != identity::UserKind::kHuman) {
    return fail(ErrorCode::kDenied,
                fmt::format("\"{}\" is a {}: only people decide", name, name_of(user->kind)));
  }
  return user;
}

policy::Principal lasting(const identity::Directory& directory, const identity::User& user,
                          const std::string& acts_for) {
  policy::Principal principal;
  principal.user = user.name;
  principal.groups = user.groups;
  principal.kind = kind_of(user.kind);
  principal.attributes = user.attributes;
  if (acts_for.empty()) return principal;
  principal.kind = policy::PrincipalKind::kAgent;
  principal.actors = {user.name, acts_for};
  const identity::User* person = directory.find(acts_for);
  std::erase_if(principal.groups, [&](const std::string& group) {
    return person == nullptr || !contains(person->groups, group);
  });
  return principal;
}

std::vector<std::string> revokers(const policy::Policy& policy, const GrantRow& grant) {
  std::vector<std::string> groups = policy.access_reviewers();
  const auto add = [&](const std::vector<std::string>& more) {
    groups.insert(groups.end(), more.begin(), more.end());
  };
  add(grant.review_by);
  const policy::Role* role = policy::find_role(policy, grant.role);
  if (role == nullptr) return groups;
  if (role->approve) {
    for (const auto& stage : role->approve->stages) add(stage.groups_ever());
  }
  if (role->break_glass) add(role->break_glass->review_by);
  return groups;
}

}  // namespace sluice::access
