#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "identity/directory.h"
#include "policy/principal.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// Against what a session's names are resolved, under a number that stands for it in cache keys.
struct SessionScope {
  uint64_t id = 0;
  std::shared_ptr<const sql::Scope> scope;
};

/// What has happened that may have changed what names mean; several may hold at once.
enum Doubt : uint8_t {
  kPathDoubt = 1,       ///< search_path, or the role that "$user" in it stands for
  kTemporaryDoubt = 2,  ///< temporary objects
  kSchemaDoubt = 4,     ///< permanent ones, in a transaction that is still open
  kIdentityDoubt = 8,   ///< not what names mean, but whom the server takes the session for
};

/// Gives equal scopes the same number, so that sessions share what was found out about a text.
/// Belongs to one worker.
class Scopes {
 public:
  SessionScope intern(const std::shared_ptr<const catalog::Catalog>& catalog,
                      const std::vector<std::string>& search_path);

 private:
  std::unordered_map<std::string, std::pair<uint64_t, std::weak_ptr<const sql::Scope>>> known_;
  uint64_t next_ = 1;
};

/// Who a session acts as, under a number that stands for it with decisions.
struct SessionPrincipal {
  uint64_t id = 0;
  policy::Principal principal;
};

policy::PrincipalKind principal_kind(identity::UserKind kind);

/// Gives sessions of equal principals the same object. Belongs to one worker.
class Principals {
 public:
  std::shared_ptr<const SessionPrincipal> intern(policy::Principal principal);

 private:
  std::unordered_map<std::string, std::weak_ptr<const SessionPrincipal>> known_;
  uint64_t next_ = 1;
};

}  // namespace sluice::gateway
