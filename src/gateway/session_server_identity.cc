// Session: whom the server takes its client for: settings for row-level security, and a role.
#include <utility>

#include <fmt/format.h>

#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/startup_parameters.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

/// What is set on a server connection that has come from the pool; empty where the database is told
/// nothing.
ParameterList Session::server_identity() const {
  const auto& config = admission_.database->config().identity;
  return identity_settings(config, admission_.principal, admission_.role);
}

/// Who its client is, or what the server knows of that, is not what it was: the server is told
/// before anything else runs.
void Session::doubt_identity() {
  if (!admission_.database->config().identity.guarded()) return;
  names_.now |= kIdentityDoubt;
  if (transaction_ahead_ != 'I' || since_sync_) names_.of_transaction |= kIdentityDoubt;
}

/// Part of start_finding_names. Fails closed: where the server does not take it, nothing runs.
void Session::tell_identity() {
  // A rollback would take it back.
  if (transaction_ahead_ != 'I' || since_sync_) names_.of_transaction |= kIdentityDoubt;
  auto settings = std::exchange(forgotten_, {});
  const auto identity = server_identity();
  settings.insert(settings.end(), identity.begin(), identity.end());
  if (settings.empty()) return find_scope();
  run_own({pg::build_set_batch(settings)}, [this](OwnRun& run) {
    if (!run.answer.error && run.answer.results.size() == 1) return find_scope();
    names_failed(run.answer.error ? run.answer.error->message() : "no answer", run.skipped);
  });
}

}  // namespace sluice::gateway
