#include "gateway/session_scope.h"

namespace sluice::gateway {
namespace {

/// What nobody uses any more is dropped when this many are known.
constexpr size_t kMany = 1024;

template <typename Map, typename Expired>
void prune(Map& map, Expired expired) {
  if (map.size() >= kMany) std::erase_if(map, expired);
}

void append(std::string& key, std::string_view part) {
  key.append(std::to_string(part.size())).append(1, ':').append(part);
}

void append(std::string& key, const policy::Identity& identity);

/// What lists have in them must not be taken for each other: how many there are is told first.
template <typename List>
void append_all(std::string& key, const List& list) {
  key.append(std::to_string(list.size())).append(1, ',');
  for (const auto& each : list) append(key, each);
}

template <typename Map>
void append_pairs(std::string& key, const Map& map) {
  key.append(std::to_string(map.size())).append(1, ',');
  for (const auto& [name, value] : map) {
    append(key, name);
    append(key, value);
  }
}

void append(std::string& key, const policy::Identity& identity) {
  append(key, identity.user);
  append(key, policy::name_of(identity.kind));
  key.append(identity.behind_service ? "1" : "0");
  append_all(key, identity.groups);
  append_pairs(key, identity.attributes);
}

}  // namespace

SessionScope Scopes::intern(const std::shared_ptr<const catalog::Catalog>& catalog,
                            const std::vector<std::string>& search_path) {
  // A session with temporary objects reads its catalog often: what is alike is the same.
  std::string key = catalog->read().empty() ? std::to_string(catalog->id()) : catalog->read();
  for (const auto& schema : search_path) append(key.append(1, '/'), schema);
  const auto found = known_.find(key);
  if (found != known_.end()) {
    if (auto scope = found->second.second.lock()) return {found->second.first, std::move(scope)};
  }
  prune(known_, [](const auto& entry) { return entry.second.second.expired(); });
  auto scope = std::make_shared<const sql::Scope>(sql::Scope{catalog, search_path});
  const uint64_t id = next_++;
  known_[key] = {id, scope};
  return {id, std::move(scope)};
}

policy::PrincipalKind principal_kind(identity::UserKind kind) {
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

std::shared_ptr<const SessionPrincipal> Principals::intern(policy::Principal principal) {
  std::string key;
  append(key, static_cast<const policy::Identity&>(principal));
  append(key, principal.authentication);
  append(key, principal.issuer);
  append(key, principal.acr);
  append(key, principal.end_user);
  // When they logged in and with which credential is the session's own, and no rule's key.
  principal.authenticated_micros = 0;
  principal.credential.clear();
  principal.grants.clear();
  append_all(key, principal.amr);
  append_all(key, principal.actors);
  append_pairs(key, principal.claims);
  if (principal.chain) append_all(key, *principal.chain);
  const auto found = known_.find(key);
  if (found != known_.end()) {
    if (auto known = found->second.lock()) return known;
  }
  prune(known_, [](const auto& entry) { return entry.second.expired(); });
  auto made =
      std::make_shared<const SessionPrincipal>(SessionPrincipal{next_++, std::move(principal)});
  known_[key] = made;
  return made;
}

}  // namespace sluice::gateway
