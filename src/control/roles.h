#pragma once

#include <string_view>
#include <vector>

#include "config/api.h"
#include "control/role.h"
#include "identity/directory.h"

namespace sluice::control {

/// "member", "approver", "auditor", "admin", those that are in `roles`.
std::vector<std::string_view> names_of(Roles roles);

/// What somebody is who has shown `credential`; null: something else. Whoever acts for somebody
/// else is a member, whatever the one or the other may be.
Roles roles_of(const identity::User& user, const identity::Credential* credential,
               const config::ApiConfig& config);

}  // namespace sluice::control
