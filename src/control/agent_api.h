#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "audit/log.h"
#include "config/config.h"
#include "control/budget_keeper.h"
#include "control/caller.h"
#include "control/http_server.h"
#include "control/prompts.h"
#include "control/taint_keeper.h"
#include "gateway/gateway.h"

namespace sluice::control {

/// Runs and prompts of agents (docs/agents.md):
///
///   POST   /api/v1/agents/prompts        {text, run, model, call, parent}; its id
///   GET    /api/v1/agents/runs?limit=…   the newest first
///   GET    /api/v1/agents/runs/RUN       its prompts, with the statements that were run for each
///   GET    /api/v1/agents/budgets        what is used and left of budgets
///   GET    /api/v1/agents/prompts/ID     one with its text; who reads is on the record
///   DELETE /api/v1/agents/prompts/ID     its text is gone for good; for admins
///
/// Every caller must prove who they are (caller.h), and sees their own runs and those of agents
/// that act for them; auditors, admins and whoever may open the state folder see all.
class AgentApi {
 public:
  static Result<std::unique_ptr<AgentApi>> open(gateway::Gateway& gateway, audit::Log& log,
                                                const config::Config& config);

  /// `local`: from the socket in the state folder. Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request, bool local);
  Prompts& prompts() { return *prompts_; }

 private:
  AgentApi(gateway::Gateway& gateway, audit::Log& log, std::filesystem::path audit_directory)
      : gateway_(gateway), log_(log), audit_directory_(std::move(audit_directory)) {}
  HttpResponse keep(const HttpRequest& request, const Caller& caller);
  /// Who looks, and what they see; nobody: whoever may open the state folder, who sees all.
  struct Looking {
    std::string user;
    Reader eyes;
    int64_t since_micros = 0;  ///< of what is older, nothing: it is of who had the name before
    /// Their own work, and what others do for them.
    bool may_see(std::string_view by, std::string_view person, int64_t micros) const {
      if (eyes.user.empty()) return true;
      return micros >= since_micros &&
             (is_own(eyes, by, person) || (eyes.person.empty() && eyes.user == person));
    }
  };
  HttpResponse get(const HttpRequest& request, std::string_view path, const Looking& reader);
  HttpResponse list(const std::string& path, const Looking& reader);
  HttpResponse run(const std::string& run, const Looking& reader);
  HttpResponse prompt(const std::string& id, const Looking& reader);
  HttpResponse erase(const std::string& id, const HttpRequest& request);
  Result<> note(audit::EventType type, const std::string& who, const std::string& what);

  gateway::Gateway& gateway_;
  audit::Log& log_;
  std::filesystem::path audit_directory_;
  std::unique_ptr<Prompts> prompts_;
  std::unique_ptr<TaintKeeper> taints_;
  std::unique_ptr<BudgetKeeper> budgets_;  ///< null: they are shared with nobody
};

}  // namespace sluice::control
