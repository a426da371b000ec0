#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/loader.h"
#include "config/config.h"
#include "policy/decision.h"
#include "policy/proofs.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// Why a statement is not run for show and taken back: all that a rollback would leave behind, or
/// that would not be the same on a connection of the gateway's own. Empty: it is.
std::string no_dry_run(const sql::StatementFacts& facts, const catalog::Catalog* catalog,
                       const config::DatabaseConfig& database, bool parameters,
                       bool in_transaction);

/// What the gateway sends on a connection of its own, as one simple query: in a transaction that is
/// rolled back, with bounds on how long it waits for locks and takes; what it returns is thrown
/// away. Whatever goes wrong in it ends with its connection, and the server rolls it back.
std::string dry_run_text(const std::string& statement);

/// What the answer to that says. `session`: what the session of the statement is (kSessionQuery):
/// where that of the dry run was another, it says nothing.
policy::DryRun read_dry_run(const std::vector<catalog::Rows>& answer, const std::string& session);

/// Why a dry run came to nothing, for those who are shown it: the server's words, but where columns
/// are masked, since they may quote what who asks may not see.
std::string told_of_failure(const config::DatabaseConfig& database, const Error& error);

/// The same of statements that run one after the other in one transaction, for whatever session.
std::string dry_run_text(const std::vector<std::string>& statements);
/// What the answer to that says of each of them.
std::vector<policy::DryRun> read_dry_run(const std::vector<catalog::Rows>& answer,
                                         size_t statements);

/// `decided` as it is for a session whose statements are run for show alone: a change that may be
/// made, or may be shown to those who are asked, is held for its dry run; all else but settings is
/// refused. Nothing that comes of this is ever allowed to run, settings excepted.
std::shared_ptr<const policy::Decision> for_show(std::shared_ptr<const policy::Decision> decided,
                                                 const sql::StatementFacts& facts);

/// What such a session is told in the place of a result, as an error: that is how it is recorded,
/// too. `held`: by for_show.
std::shared_ptr<const policy::Decision> shown(const policy::Decision& held,
                                              const policy::DryRun& run);

}  // namespace sluice::gateway
