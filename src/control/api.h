#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/log.h"
#include "base/clock.h"
#include "config/config.h"
#include "control/answer_api.h"
#include "control/approval_api.h"
#include "control/audit_api.h"
#include "control/change_api.h"
#include "control/data_api.h"
#include "control/evidence_api.h"
#include "control/grant_api.h"
#include "control/http_server.h"
#include "control/login_api.h"
#include "control/mcp_api.h"
#include "control/oidc_api.h"
#include "control/policy_api.h"
#include "control/provenance_api.h"
#include "control/scim_api.h"
#include "control/undo_api.h"
#include "control/witness_api.h"
#include "gateway/gateway.h"
#include "stream/anchors.h"
#include "stream/streams.h"

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
        evidence_(log, audit_directory),
        audit_(log, audit_directory, open_store),
        provenance_(log, audit_directory, std::move(open_store)),
        policy_(gateway, policies, std::move(audit_directory)),
        data_(gateway, corrections) {}

  /// For anybody who can reach the port: /healthz, /readyz, /metrics, /tlog/…; for those who prove
  /// who they are, /api/v1/approvals, /api/v1/changes, /api/v1/grants and /api/v1/access.
  HttpResponse answer_public(const HttpRequest& request);
  /// For whoever may open the state folder: sessions, database checks, streams.
  HttpResponse answer_local(const HttpRequest& request);
  /// Lets people decide on what is held; before anything is answered.
  void set_desk(approval::Desk& desk) { approvals_.emplace(gateway_, desk); }
  /// Tells of the webhooks, and takes what is answered to them; the same. `webhooks` outlives this.
  void set_webhooks(const outside::Tellers& webhooks, approval::Desk& desk,
                    store::Opener open_store) {
    webhooks_ = &webhooks;
    answers_.emplace(gateway_, desk, webhooks, std::move(open_store));
  }
  /// Lets people undo what was approved; the same.
  void set_undo(std::unique_ptr<UndoApi> undo) { undo_ = std::move(undo); }
  /// Lets people submit and run changes; before anything is answered.
  void set_changes(change::Changes& changes, approval::Desk& desk) {
    changes_.emplace(gateway_, changes, desk);
  }
  /// Lets people have access for a while; before anything is answered.
  void set_keeper(access::Keeper& keeper) {
    keeper_ = &keeper;
    grants_.emplace(gateway_, keeper);
  }
  /// Lets it cosign other logs' checkpoints.
  void set_witness(std::unique_ptr<WitnessApi> witness) { witness_ = std::move(witness); }
  /// Lets people log in for a credential.
  void set_login(std::unique_ptr<LoginApi> login) { login_ = std::move(login); }
  LoginApi* login() { return login_.get(); }
  /// Lets people and services log in by identity providers.
  void set_identity(std::unique_ptr<OidcApi> identity) { identity_ = std::move(identity); }
  OidcApi* identity() { return identity_.get(); }
  /// Lets an identity provider keep users and groups, on the public port alone.
  void set_scim(std::unique_ptr<ScimApi> scim) { scim_ = std::move(scim); }
  ScimApi* scim() { return scim_.get(); }
  /// Lets agents in by the Model Context Protocol.
  void set_mcp(std::unique_ptr<McpApi> mcp) { mcp_ = std::move(mcp); }
  McpApi* mcp() { return mcp_.get(); }
  /// The databases that /readyz checks, and who may ask from where; before anything is answered,
  /// and anew on reload.
  void set_config(std::shared_ptr<const config::Config> config);
  /// The streams to tell of, which outlive this; before anything is answered.
  void watch(const stream::Streams& streams) { streams_ = &streams; }
  /// The same for anchors.
  void watch(const stream::Anchors& anchors) { anchors_ = &anchors; }
  /// Answers for the audit log's upkeep, which outlives this; before anything is answered.
  void set_upkeep(audit::Upkeep& upkeep) { evidence_.set_upkeep(upkeep); }

 private:
  /// Secrets that come in clear over the network let nobody in.
  std::optional<HttpResponse> refuse_in_clear(const HttpRequest& request);
  HttpResponse ready();
  std::string metrics();
  HttpResponse sessions();
  std::vector<stream::State> streams() const;
  HttpResponse check(const std::string& database);

  gateway::Gateway& gateway_;
  audit::Log& log_;
  const stream::Streams* streams_ = nullptr;
  const stream::Anchors* anchors_ = nullptr;
  EvidenceApi evidence_;
  AuditApi audit_;
  ProvenanceApi provenance_;
  PolicyApi policy_;
  DataApi data_;
  const outside::Tellers* webhooks_ = nullptr;
  std::optional<AnswerApi> answers_;
  std::optional<ApprovalApi> approvals_;
  std::unique_ptr<UndoApi> undo_;
  std::optional<ChangeApi> changes_;
  access::Keeper* keeper_ = nullptr;
  std::optional<GrantApi> grants_;
  std::unique_ptr<WitnessApi> witness_;
  std::unique_ptr<LoginApi> login_;
  std::unique_ptr<OidcApi> identity_;
  std::unique_ptr<ScimApi> scim_;
  std::unique_ptr<McpApi> mcp_;
  std::mutex mutex_;
  std::shared_ptr<const config::Config> config_;
  std::map<std::string, std::pair<Clock::time_point, std::string>>
      checks_;  ///< name: when, problem
};

}  // namespace sluice::control
