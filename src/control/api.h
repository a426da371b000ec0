#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "audit/log.h"
#include "config/config.h"
#include "control/agent_api.h"
#include "control/answer_api.h"
#include "control/approval_api.h"
#include "control/audit_api.h"
#include "control/change_api.h"
#include "control/console_files.h"
#include "control/data_api.h"
#include "control/database_api.h"
#include "control/evidence_api.h"
#include "control/front_door.h"
#include "control/grant_api.h"
#include "control/hold_api.h"
#include "control/http_server.h"
#include "control/login_api.h"
#include "control/mcp_api.h"
#include "control/model_api.h"
#include "control/oidc_api.h"
#include "control/operator_api.h"
#include "control/overview_api.h"
#include "control/policy_api.h"
#include "control/provenance_api.h"
#include "control/query_api.h"
#include "control/repeated_requests.h"
#include "control/scim_api.h"
#include "control/scim_token_api.h"
#include "control/session_api.h"
#include "control/status_api.h"
#include "control/undo_api.h"
#include "control/users_api.h"
#include "control/witness_api.h"
#include "gateway/gateway.h"

namespace sluice::control {

inline constexpr const char* kVersion = SLUICE_VERSION;

/// Where the local API listens.
inline std::filesystem::path control_socket(const std::filesystem::path& state) {
  return state / "control.sock";
}

/// Answers of the running gateway over HTTP.
class Api {
 public:
  /// `audit_directory` is `<state>/audit`.
  Api(gateway::Gateway& gateway, audit::Log& log, gateway::PolicyKeeper& policies,
      gateway::CorrectionKeeper& corrections, std::filesystem::path audit_directory,
      store::Opener open_store)
      : gateway_(gateway),
        log_(log),
        audit_directory_(audit_directory),
        open_store_(open_store),
        door_(gateway),
        status_(gateway, log),
        evidence_(log, audit_directory),
        audit_(log, audit_directory, open_store),
        provenance_(log, audit_directory, open_store),
        policy_(gateway, log, policies, std::move(audit_directory)),
        data_(gateway, corrections),
        holds_(open_store),
        operator_(log, audit_directory_, open_store),
        scim_tokens_(open_store),
        users_(gateway, std::move(open_store)) {
    evidence_.set_directory([&gateway] { return gateway.directory(); });
  }

  /// What comes over the network: /healthz, /readyz, /metrics, /tlog/…, the console, /mcp, /scim;
  /// and the API, to those who prove who they are and have the role that it takes (routes.h).
  HttpResponse answer_public(const HttpRequest& request);
  /// Whether a request over the network shows a credential that is in force, for whatever.
  bool knows(const HttpRequest& request) {
    return shows_a_credential(request, *gateway_.directory());
  }
  /// The API for whoever may open the state folder.
  HttpResponse answer_local(const HttpRequest& request);
  // All of these before anything is answered; what they are given outlives this.
  /// Lets people decide on what is held, submit and run changes, and have access for a while.
  void set_work(approval::Desk& desk, change::Changes& changes, access::Keeper& keeper);
  /// Tells of the webhooks, and takes what is answered to them.
  void set_webhooks(const outside::Tellers& webhooks, approval::Desk& desk,
                    store::Opener open_store) {
    status_.set_webhooks(webhooks);
    answers_.emplace(gateway_, desk, webhooks, std::move(open_store));
  }
  /// Lets people undo what was approved.
  void set_undo(std::unique_ptr<UndoApi> undo) { undo_ = std::move(undo); }
  /// Lets it cosign other logs' checkpoints.
  void set_witness(std::unique_ptr<WitnessApi> witness) { witness_ = std::move(witness); }
  /// Lets people log in for a credential, by a password and by identity providers, also in a
  /// browser; services too.
  void set_login(std::unique_ptr<LoginApi> login, std::unique_ptr<OidcApi> identity);
  LoginApi* login() { return login_.get(); }
  OidcApi* identity() { return identity_.get(); }
  /// Lets an identity provider keep users and groups, on the public port alone.
  void set_scim(std::unique_ptr<ScimApi> scim) { scim_ = std::move(scim); }
  ScimApi* scim() { return scim_.get(); }
  /// Takes agents' prompts, tells of their runs, and hands on what they ask models.
  void set_agents(std::unique_ptr<AgentApi> agents) {
    agents_ = std::move(agents);
    models_ = std::make_unique<ModelApi>(gateway_, agents_->prompts(), door_.config());
  }
  AgentApi& agents() { return *agents_; }
  /// Lets agents in by the Model Context Protocol.
  void set_mcp(std::unique_ptr<McpApi> mcp) { mcp_ = std::move(mcp); }
  McpApi* mcp() { return mcp_.get(); }
  /// Serves the console.
  void set_console(ConsoleFiles console) { console_.emplace(std::move(console)); }
  /// The databases that /readyz checks, and who may ask from where; also anew on reload.
  void set_config(std::shared_ptr<const config::Config> config);
  /// The same, with all databases in force from now on; and lets admins add some.
  void set_databases(gateway::DatabaseKeeper& databases);
  /// Lets policies wait for approval.
  void set_proposals(gateway::PolicyProposals& proposals) { policy_.set_proposals(proposals); }
  /// The streams and anchors to tell of.
  void watch(const stream::Streams& streams) { status_.watch(streams); }
  void watch(const stream::Anchors& anchors) { status_.watch(anchors); }
  /// Ends what is under way elsewhere: with identity providers, and with models' APIs.
  void stop() {
    if (identity_) identity_->stop();
    if (models_) models_->stop();
  }
  /// Answers for the audit log's upkeep.
  void set_upkeep(audit::Upkeep& upkeep) {
    evidence_.set_upkeep(upkeep);
    operator_.set_upkeep(upkeep);
    status_.watch(upkeep);
  }

 private:
  HttpResponse answer_anybody(const HttpRequest& request);
  /// What needs nobody's role: those who ask prove who they are in ways of their own, or need not.
  std::optional<HttpResponse> answer_open(const HttpRequest& request);
  /// What the front door has let in, or the operator asks. Any thread.
  HttpResponse answer_known(const HttpRequest& request);
  HttpResponse later(HttpRequest request);

  gateway::Gateway& gateway_;
  audit::Log& log_;
  const std::filesystem::path audit_directory_;
  const store::Opener open_store_;
  FrontDoor door_;
  RepeatedRequests repeated_;
  StatusApi status_;
  EvidenceApi evidence_;
  AuditApi audit_;
  ProvenanceApi provenance_;
  PolicyApi policy_;
  DataApi data_;
  HoldApi holds_;
  OperatorApi operator_;
  ScimTokenApi scim_tokens_;
  UsersApi users_;
  std::optional<DatabaseApi> databases_;
  std::optional<OverviewApi> overview_;
  std::optional<QueryApi> query_;
  std::optional<SessionApi> session_;
  std::optional<ConsoleFiles> console_;
  std::optional<AnswerApi> answers_;
  std::optional<ApprovalApi> approvals_;
  std::unique_ptr<UndoApi> undo_;
  std::optional<ChangeApi> changes_;
  std::optional<GrantApi> grants_;
  std::unique_ptr<WitnessApi> witness_;
  std::unique_ptr<LoginApi> login_;
  std::unique_ptr<OidcApi> identity_;
  std::unique_ptr<ScimApi> scim_;
  std::unique_ptr<AgentApi> agents_;
  std::unique_ptr<McpApi> mcp_;
  std::unique_ptr<ModelApi> models_;
};

}  // namespace sluice::control
