// Keeper: what happens to grants without anybody's asking. Approved ones begin, and all end.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "access/keeper.h"
#include "access/people.h"

namespace sluice::access {
namespace {

int64_t micros(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

/// Of what a grant gives, what its role gives now.
std::vector<std::string> still_given(const GrantRow& grant, const policy::Role& role) {
  std::vector<std::string> groups;
  for (const auto& group : grant.groups) {
    if (std::find(role.groups.begin(), role.groups.end(), group) != role.groups.end())
      groups.push_back(group);
  }
  return groups;
}

/// Why a grant cannot be, or go on: its holder or its role is not what it was. Empty: it can.
std::string obstacle(const Surroundings& around, const GrantRow& grant) {
  const identity::User* holder = around.directory->find(grant.holder);
  if (holder == nullptr || holder->created_micros != grant.holder_created_micros)
    return "its user is gone";
  if (holder->disabled) return "its user is disabled";
  const policy::Role* role = policy::find_role(*around.policy, grant.role);
  if (role == nullptr) return "the policy has no such role any more";
  const auto environment = around.environments.find(grant.database);
  if (environment == around.environments.end()) return "the database is gone";
  const policy::Target target{grant.database, environment->second};
  if (!policy::may_have(*role, grant.break_glass,
                        lasting(*around.directory, *holder, grant.acts_for), target))
    return "its user is none of those who may have it any more";
  return still_given(grant, *role).empty() ? "its role does not give its groups any more" : "";
}

}  // namespace

Result<> Keeper::look() {
  const auto around = surroundings_();
  // Who there is is not known: nothing is to end by that.
  if (!around.directory->why_lost().empty()) return {};
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto open, grants_.open());
  if (around.shared_store) {
    // Who is new, or a role, may be known to the gateway where it was made and not yet here.
    SLUICE_ASSIGN(const int64_t version, database_.data_version());
    if (around.directory->version() < static_cast<uint64_t>(version)) return {};
  }
  Summary next;
  // What fails for one is no reason to leave the others in force.
  Result<> all;
  const auto also = [&all](Result<> one) {
    if (!one && all) all = std::move(one);
  };
  for (const GrantRow& grant : open) {
    if (grant.state == GrantState::kWaiting) {
      also(settle(around, grant));
      ++next.waiting;
    } else if (grant.state == GrantState::kActive) {
      also(watch(around, grant));
      ++next.active;
      if (grant.break_glass) ++next.break_glass_active;
    }
    if (!grant.to_review()) continue;
    ++next.to_review;
    if (now() < grant.review_due_micros) continue;
    ++next.overdue;
    if (grant.overdue_told) continue;
    const auto told = grants_.tell_overdue(grant);
    if (!told) also(fail(told.error()));
  }
  summary_ = next;
  return all;
}

/// What has become of the request for a grant that waits.
Result<> Keeper::settle(const Surroundings& around, const GrantRow& grant) {
  SLUICE_ASSIGN(auto request, desk_.find(grant.request));
  if (request.state == approval::State::kWaiting) return {};
  if (request.state == approval::State::kApproved) {
    if (const std::string why = obstacle(around, grant); !why.empty())
      return end(grant, GrantState::kRefused, "sluice", why);
    auto used = desk_.use(grant.request, subject_of(grant, around.policy->version()));
    if (!used && used.error().code != ErrorCode::kDenied) return fail(used.error());
    if (!used) return end(grant, GrantState::kRefused, "sluice", used.error().text);
    request = std::move(*used);
  }
  // By nobody but this: what was used before the gateway had a chance to begin it begins now.
  if (request.state == approval::State::kUsed) return begin(around, grant, request.used_micros);
  return end(grant, GrantState::kRefused, "sluice",
             fmt::format("request {} is {}{}{}", request.number, approval::name_of(request.state),
                         request.reason.empty() ? "" : ": ", request.reason));
}

Result<> Keeper::begin(const Surroundings& around, const GrantRow& grant, int64_t from_micros) {
  if (const std::string why = obstacle(around, grant); !why.empty())
    return end(grant, GrantState::kRefused, "sluice", why);
  const policy::Role& role = *policy::find_role(*around.policy, grant.role);
  if (grant.extends != 0) return begin_extension(role, grant, from_micros);
  const int64_t lasts = std::min(grant.lasts_micros, micros(role.at_most));
  SLUICE_ASSIGN([[maybe_unused]] const bool begun,
                grants_.begin(grant, from_micros, from_micros + lasts));
  return {};
}

Result<> Keeper::begin_extension(const policy::Role& role, const GrantRow& extension,
                                 int64_t from_micros) {
  SLUICE_ASSIGN(const auto grant, grants_.find(extension.extends));
  const auto refuse = [&](const std::string& why) {
    return end(extension, GrantState::kRefused, "sluice", why);
  };
  if (grant.state != GrantState::kActive || from_micros >= grant.until_micros)
    return refuse(fmt::format("grant {} is over", grant.number));
  const int64_t until = std::min(grant.until_micros + extension.lasts_micros,
                                 grant.from_micros + micros(role.at_most));
  if (until <= grant.until_micros)
    return refuse(fmt::format("grant {} has all the time that its role gives", grant.number));
  SLUICE_ASSIGN([[maybe_unused]] const bool done,
                grants_.extend(extension, grant.until_micros, until, from_micros));
  return {};
}

/// Ends a grant that is over, or that could not be asked for any more.
Result<> Keeper::watch(const Surroundings& around, const GrantRow& grant) {
  if (now() >= grant.until_micros) return end(grant, GrantState::kExpired, "sluice", "");
  if (const std::string why = obstacle(around, grant); !why.empty())
    return end(grant, GrantState::kRevoked, "sluice", why);
  const auto groups = still_given(grant, *policy::find_role(*around.policy, grant.role));
  if (groups.size() == grant.groups.size()) return {};
  SLUICE_ASSIGN([[maybe_unused]] const bool narrowed, grants_.narrow(grant, groups));
  return {};
}

}  // namespace sluice::access
