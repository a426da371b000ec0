// Keeper: who holds what, and what a review says to it.
#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "access/keeper.h"
#include "access/people.h"
#include "approval/person.h"
#include "identity/credential_store.h"
#include "identity/user_store.h"

namespace sluice::access {
namespace {

/// Of one user, all that are looked at.
constexpr size_t kMostGrants = 10'000;

using Decided = std::map<std::tuple<std::string, std::string, std::string>, std::string>;

Holding line(const identity::User& user, std::string what, std::string name) {
  Holding out;
  out.user = user.name;
  out.kind = identity::name_of(user.kind);
  out.disabled = user.disabled;
  out.what = std::move(what);
  out.name = std::move(name);
  return out;
}

void add_credentials(const identity::User& user, int64_t now, std::vector<Holding>& out) {
  for (const identity::Credential& credential : user.credentials) {
    if (!credential.live(now)) continue;
    Holding& each = out.emplace_back(line(user, "credential", credential.id));
    each.database = fmt::format("{}", fmt::join(credential.databases, ", "));
    each.since_micros = credential.created_micros;
    each.until_micros = credential.expires_micros;
    each.last_used_micros = credential.last_used_micros;
    each.detail = fmt::format("{}{}{}", identity::name_of(credential.kind),
                              credential.label.empty() ? "" : ": ", credential.label);
    if (!credential.actors.empty())
      each.detail += fmt::format(", acts for {}", credential.acts_for());
  }
}

void add_roles(const Surroundings& around, const identity::User& user, std::vector<Holding>& out) {
  const auto principal = lasting(*around.directory, user, {});
  for (const policy::Role& role : around.policy->roles()) {
    for (const auto& [database, environment] : around.environments) {
      const bool asks = policy::may_have(role, false, principal, {database, environment});
      const bool takes = policy::may_have(role, true, principal, {database, environment});
      if (!asks && !takes) continue;
      Holding& each = out.emplace_back(line(user, "role", role.name));
      each.database = database;
      each.detail = asks && takes ? "may ask for it, and break the glass"
                    : asks        ? "may ask for it"
                                  : "may break the glass";
    }
  }
}

void add_grants(const identity::User& user, const std::vector<GrantRow>& grants,
                std::vector<Holding>& out) {
  for (const GrantRow& grant : grants) {
    if (grant.holder != user.name || grant.state != GrantState::kActive) continue;
    Holding& each = out.emplace_back(line(user, "grant", std::to_string(grant.number)));
    each.database = grant.database;
    each.since_micros = grant.from_micros;
    each.until_micros = grant.until_micros;
    each.last_used_micros = grant.last_used_micros;
    each.detail = fmt::format("{}role {} ({}): {}", grant.break_glass ? "BREAK GLASS, " : "",
                              grant.role, fmt::join(grant.groups, ", "), grant.reason);
  }
}

}  // namespace

Result<std::vector<Holding>> Keeper::holdings(const std::string& user) {
  const auto around = surroundings_();
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto grants, grants_.list({GrantState::kActive, user, kMostGrants}));
  SLUICE_ASSIGN(const auto decisions, grants_.decisions());
  // What the directory knows may lag behind by half a minute; when somebody asks, the store is.
  SLUICE_ASSIGN(const auto directory, identity::load_directory(database_));
  Decided decided;
  for (const auto& each : decisions)
    decided[{each.holder, each.what, each.name}] =
        fmt::format("{} by {} at {}", each.decision, each.author, format_time(each.time_micros));
  std::vector<Holding> out;
  for (const identity::User& each : directory->users()) {
    if (!user.empty() && each.name != user) continue;
    Holding& self = out.emplace_back(line(each, "user", each.name));
    self.since_micros = each.created_micros;
    self.last_used_micros = each.last_login_micros;
    for (const auto& group : each.groups) {
      Holding& held = out.emplace_back(line(each, "group", group));
      held.last_used_micros = each.last_login_micros;
    }
    add_roles(around, each, out);
    add_grants(each, grants, out);
    add_credentials(each, now(), out);
  }
  for (Holding& each : out) {
    const auto found = decided.find({each.user, each.what, each.name});
    if (found != decided.end()) each.decided = found->second;
  }
  return out;
}

Result<> Keeper::decide(const identity::AccessDecision& decision) {
  const auto around = surroundings_();
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const identity::User* author, decider(*around.directory, decision.author));
  if (!in_some(*author, around.policy->access_reviewers())) {
    return fail(ErrorCode::kDenied,
                "access is reviewed by the groups of access_review in the policy");
  }
  const identity::User* holder = around.directory->find(decision.holder);
  if (holder == nullptr)
    return fail(ErrorCode::kNotFound, fmt::format("there is no user \"{}\"", decision.holder));
  if (approval::same_person(*author, *holder))
    return fail(ErrorCode::kDenied, "nobody reviews what is their own, under any name");
  auto kept = decision;
  kept.time_micros = now();
  if (kept.what == "group") {
    SLUICE_TRY(decide_group(kept, *holder));
  } else if (kept.what == "credential") {
    SLUICE_TRY(decide_credential(kept));
  } else if (kept.what == "grant") {
    SLUICE_TRY(decide_grant(kept));
  } else {
    return fail(ErrorCode::kInvalidInput, "decided on is a group, a credential or a grant");
  }
  return grants_.decide(kept);
}

Result<> Keeper::decide_group(const identity::AccessDecision& decision,
                              const identity::User& holder) {
  // What the directory knows may lag behind what was decided a moment ago.
  if (decision.decision != "keep")
    return identity::UserStore(database_, decision.author + " (access review)")
        .leave_group(holder.name, decision.name);
  if (std::find(holder.groups.begin(), holder.groups.end(), decision.name) != holder.groups.end())
    return {};
  return fail(ErrorCode::kNotFound, fmt::format("\"{}\" is not in {}", holder.name, decision.name));
}

Result<> Keeper::decide_credential(const identity::AccessDecision& decision) {
  identity::CredentialStore credentials(database_, decision.author + " (access review)");
  SLUICE_ASSIGN(const auto all, credentials.list(decision.holder));
  const bool theirs = std::any_of(all.begin(), all.end(), [&](const auto& credential) {
    return credential.id == decision.name && credential.live(now());
  });
  if (!theirs)
    return fail(ErrorCode::kNotFound, fmt::format("\"{}\" has no credential {} that is good",
                                                  decision.holder, decision.name));
  if (decision.decision == "keep") return {};
  return credentials.revoke(decision.name);
}

Result<> Keeper::decide_grant(const identity::AccessDecision& decision) {
  SLUICE_ASSIGN(const auto all, grants_.list({GrantState::kActive, decision.holder, kMostGrants}));
  for (const GrantRow& grant : all) {
    if (std::to_string(grant.number) != decision.name) continue;
    if (decision.decision == "keep") return {};
    return ended(grant.number,
                 [&](const GrantRow& as_it_is) {
                   return grants_.end(as_it_is, GrantState::kRevoked, now(), decision.author,
                                      "access review");
                 })
        .map([](const GrantRow&) {});
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("\"{}\" has no grant {} in force", decision.holder, decision.name));
}

}  // namespace sluice::access
