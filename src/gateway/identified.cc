#include "gateway/identified.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "gateway/session_scope.h"

namespace sluice::gateway {
namespace {

std::string named(const identity::Credential& credential) {
  return fmt::format("{} {}", identity::name_of(credential.kind), credential.id);
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Both may be null, and are then the same.
bool same(const identity::User* a, const identity::User* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->since() == b->since() && a->kind == b->kind && a->disabled == b->disabled &&
         a->valid_until_micros == b->valid_until_micros && a->groups == b->groups &&
         a->attributes == b->attributes && a->assertion_key.empty() == b->assertion_key.empty();
}

/// How strongly it is known whose a credential is may rise while it lives.
bool same(const identity::Credential* a, const identity::Credential* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->assurance == b->assurance;
}

/// Whether a grant counts for somebody at `now_micros` in a session that acts for `person`.
bool counts(const identity::Grant& grant, std::string_view person, int64_t now_micros) {
  return grant.until_micros > now_micros && (grant.acts_for.empty() || grant.acts_for == person);
}

std::string_view person_of(const policy::Principal& principal) {
  return principal.actors.empty() ? std::string_view() : principal.actors.back();
}

/// The groups of a user, with those that grants add; these go to `grants`.
std::vector<std::string> groups_of(const identity::Directory& directory, const identity::User& user,
                                   std::string_view person, const Place& place,
                                   std::vector<std::string>& grants) {
  std::vector<std::string> groups = user.groups;
  if (place.database.empty()) return groups;
  for (const identity::Grant* grant : directory.grants(user.name, place.database)) {
    if (!counts(*grant, person, place.now_micros)) continue;
    grants.push_back(fmt::format("{} {}", grant->number, grant->role));
    for (const auto& group : grant->groups) {
      if (!contains(groups, group)) groups.push_back(group);
    }
  }
  return groups;
}

policy::Identity identity_of(const identity::User& user, std::vector<std::string> groups) {
  return {user.name, std::move(groups), principal_kind(user.kind), user.attributes, false};
}

bool has(const std::vector<policy::Identity>& chain, std::string_view user) {
  return std::any_of(chain.begin(), chain.end(),
                     [&](const policy::Identity& each) { return each.user == user; });
}

/// With groups that are theirs for good; none of one who is disabled.
void add_end_user(const identity::User& user, std::vector<policy::Identity>& chain) {
  if (has(chain, user.name)) return;
  chain.push_back(identity_of(user, user.disabled ? std::vector<std::string>() : user.groups));
  chain.back().behind_service = true;
}

/// Of the groups of `principal` those stay that everybody of its chain is in.
void keep_shared(policy::Principal& principal) {
  if (!principal.chain) return;
  std::erase_if(principal.groups, [&](const std::string& group) {
    return std::any_of(principal.chain->begin(), principal.chain->end(),
                       [&](const policy::Identity& each) { return !contains(each.groups, group); });
  });
}

bool same_grants(const identity::Directory& before, const identity::Directory& after,
                 std::string_view user, std::string_view database) {
  const auto a = before.grants(user, database);
  const auto b = after.grants(user, database);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto* one, const auto* other) { return *one == *other; });
}

}  // namespace

std::optional<NotWelcome> not_welcome(const identity::Directory& directory,
                                      const identity::User& user,
                                      const identity::Credential* credential,
                                      std::string_view database, int64_t now_micros) {
  if (user.valid_until_micros != 0 && user.valid_until_micros <= now_micros)
    return NotWelcome{"the user's time ended at " + format_time(user.valid_until_micros)};
  if (user.disabled) return NotWelcome{"user is gone or disabled"};
  if (credential == nullptr) return std::nullopt;
  const bool by_time = credential->revoked_micros == credential->expires_micros;
  if (credential->revoked_micros != 0 && !by_time) {
    return NotWelcome{fmt::format("{} was revoked at {}", named(*credential),
                                  format_time(credential->revoked_micros)),
                      true};
  }
  if (!credential->live(now_micros)) {
    return NotWelcome{fmt::format("{} expired at {}", named(*credential),
                                  format_time(credential->expires_micros)),
                      true};
  }
  if (!credential->good_for(database)) {
    return NotWelcome{fmt::format("{} is not for this database", named(*credential)), true};
  }
  if (credential->actors.empty()) return std::nullopt;
  const identity::User* person = directory.find(credential->acts_for());
  if (person == nullptr || person->disabled) {
    return NotWelcome{fmt::format("{} acts for \"{}\", who is gone or disabled", named(*credential),
                                  credential->acts_for())};
  }
  if (person->since() > credential->created_micros) {
    return NotWelcome{fmt::format("{} acts for \"{}\", a name that is somebody else's by now",
                                  named(*credential), credential->acts_for())};
  }
  for (const auto& actor : credential->actors) {
    const identity::User* known = directory.find(actor);
    if (known != nullptr && known->disabled)
      return NotWelcome{
          fmt::format("\"{}\", through whom {} acts, is disabled", actor, named(*credential))};
  }
  return std::nullopt;
}

std::shared_ptr<const std::vector<policy::Identity>> chain_of(const identity::Directory& directory,
                                                              const policy::Principal& principal,
                                                              const Place& place,
                                                              std::vector<std::string>& grants) {
  auto chain = std::make_shared<std::vector<policy::Identity>>();
  chain->push_back(principal);
  for (const auto& actor : principal.actors) {
    if (has(*chain, actor)) continue;
    // Of those in between, somebody else's directory may know more; of the person, this one must.
    const identity::User* known = directory.find(actor);
    if (known != nullptr) {
      chain->push_back(identity_of(*known, groups_of(directory, *known, {}, place, grants)));
    } else if (actor == principal.actors.back()) {
      chain->push_back({actor, {}, policy::PrincipalKind::kHuman, {}, false});
    }
  }
  const identity::User* end_user =
      principal.end_user.empty() ? nullptr : directory.find(principal.end_user);
  if (end_user != nullptr) add_end_user(*end_user, *chain);
  if (chain->size() == 1) return nullptr;
  return chain;
}

policy::Principal principal_of(const identity::Directory& directory, const identity::User& user,
                               const identity::Credential* credential, std::string_view mechanism,
                               int64_t now_micros, const Place& place) {
  policy::Principal principal;
  principal.user = user.name;
  if (credential != nullptr) principal.actors = credential->actors;
  const std::string_view person = person_of(principal);
  principal.groups = groups_of(directory, user, person, place, principal.grants);
  principal.kind = principal_kind(user.kind);
  principal.attributes = user.attributes;
  principal.authentication = mechanism;
  principal.authenticated_micros = now_micros;
  if (credential == nullptr) {
    principal.amr = {mechanism == "certificate" ? "pop" : "pwd"};  // RFC 8176
    return principal;
  }
  const identity::Assurance& assurance = credential->assurance;
  principal.credential = credential->id;
  principal.authentication = assurance.method;
  principal.authenticated_micros = assurance.authenticated_micros;
  principal.issuer = assurance.issuer;
  principal.acr = assurance.acr;
  principal.amr = assurance.amr;
  principal.claims = assurance.claims;
  if (credential->actors.empty()) return principal;
  principal.kind = policy::PrincipalKind::kAgent;
  principal.chain = chain_of(directory, principal, place, principal.grants);
  keep_shared(principal);
  return principal;
}

bool may_assert(const identity::User& user) {
  return user.kind == identity::UserKind::kService && !user.assertion_key.empty();
}

void limit_to_end_user(const identity::Directory& directory, const std::string& end_user,
                       policy::Principal& principal) {
  principal.end_user = end_user;
  const identity::User* known = directory.find(end_user);
  if (known == nullptr || known->name == principal.user) return;
  auto chain = principal.chain ? std::make_shared<std::vector<policy::Identity>>(*principal.chain)
                               : std::make_shared<std::vector<policy::Identity>>(
                                     1, static_cast<const policy::Identity&>(principal));
  add_end_user(*known, *chain);
  principal.chain = std::move(chain);
  keep_shared(principal);
}

bool same_identity(const identity::Directory& before, const identity::Directory& after,
                   const policy::Principal& principal, std::string_view database) {
  if (!same(before.credential(principal.credential), after.credential(principal.credential)) ||
      !same(before.find(principal.end_user), after.find(principal.end_user))) {
    return false;
  }
  const auto same_in_both = [&](const std::string& name) {
    return same(before.find(name), after.find(name)) && same_grants(before, after, name, database);
  };
  return same_in_both(principal.user) &&
         std::all_of(principal.actors.begin(), principal.actors.end(), same_in_both);
}

int64_t next_end(const identity::Directory& directory, const policy::Principal& principal,
                 const Place& place) {
  int64_t next = INT64_MAX;
  const auto look = [&](std::string_view user, std::string_view person) {
    for (const identity::Grant* grant : directory.grants(user, place.database)) {
      if (counts(*grant, person, place.now_micros)) next = std::min(next, grant->until_micros);
    }
  };
  look(principal.user, person_of(principal));
  for (const auto& actor : principal.actors) {
    if (actor != principal.user) look(actor, {});
  }
  return next;
}

}  // namespace sluice::gateway
