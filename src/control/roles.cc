#include "control/roles.h"

#include <algorithm>

namespace sluice::control {
namespace {

bool in_any(const identity::User& user, const std::vector<std::string>& groups) {
  return std::any_of(groups.begin(), groups.end(), [&](const std::string& group) {
    return std::find(user.groups.begin(), user.groups.end(), group) != user.groups.end();
  });
}

}  // namespace

std::vector<std::string_view> names_of(Roles roles) {
  std::vector<std::string_view> out;
  if (roles.meet(Role::kMember)) out.emplace_back("member");
  if (roles.meet(Role::kApprover)) out.emplace_back("approver");
  if (roles.meet(Role::kAuditor)) out.emplace_back("auditor");
  if (roles.meet(Role::kAdmin)) out.emplace_back("admin");
  return out;
}

Roles roles_of(const identity::User& user, const identity::Credential* credential,
               const config::ApiConfig& config) {
  Roles roles = Role::kMember;
  if (user.kind == identity::UserKind::kAgent) return roles;
  if (credential != nullptr && !credential->actors.empty()) return roles;
  if (in_any(user, config.approvers)) roles = roles | Role::kApprover;
  if (in_any(user, config.auditors)) roles = roles | Role::kAuditor;
  if (in_any(user, config.admins)) roles = roles | Role::kAdmin;
  return roles;
}

}  // namespace sluice::control
