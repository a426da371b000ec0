#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/server_identity.h"
#include "policy/decision.h"
#include "policy/principal.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// The role that somebody has at a server; empty: that of the gateway's own login. Fails with what
/// they are told if no entry of `roles` fits and there is no default.
Result<std::string> role_at_server(const config::ServerIdentityConfig& config,
                                   const policy::Principal& principal);

/// What is set on a server connection for whoever has it, in this order; `role` as
/// `role_at_server` gave it.
std::vector<std::pair<std::string, std::string>> identity_settings(
    const config::ServerIdentityConfig& config, const policy::Principal& principal,
    const std::string& role);

/// PostgreSQL's text of an array of text: {"a","b"}.
std::string array_literal(const std::vector<std::string>& items);

/// Whether a server takes these settings whatever its encoding is.
bool always_accepted(const std::vector<std::pair<std::string, std::string>>& settings);

/// Whether a statement sets or resets sluice.end_user.
bool names_end_user(const sql::StatementFacts& facts);

/// What `SET sluice.end_user = '…'` sets, "" for RESET and SET … TO DEFAULT; nothing for any other
/// text.
std::optional<std::string> end_user_set(std::string_view text);
/// The same for any setting, `name` in lower case.
std::optional<std::string> plainly_set(std::string_view text, std::string_view name);

/// Why a statement may not run that could change who the server takes its session for; null: it
/// could not, or only in a way that the gateway undoes before anything else runs.
/// `may_assert`: its client may say for whom it acts.
std::shared_ptr<const policy::Decision> changes_identity(const config::ServerIdentityConfig& config,
                                                         const sql::StatementFacts& facts,
                                                         bool may_assert = false);

/// Whether after it the server has to be told again.
inline bool forgets_identity(const config::ServerIdentityConfig& config,
                             const sql::StatementFacts& facts) {
  return config.guarded() && (facts.resets_settings || facts.dynamic_sql || names_end_user(facts));
}

}  // namespace sluice::gateway
