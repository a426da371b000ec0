#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "audit/log.h"
#include "control/http_server.h"
#include "gateway/gateway.h"
#include "gateway/policy_keeper.h"
#include "gateway/policy_proposals.h"
#include "policy/policy.h"
#include "policy/understand.h"

namespace sluice::control {

/// What the running gateway tells about its policy, for whoever may open the state folder:
///
///   GET  /api/v1/policy            the policy in force, its source (file, profile or store), of
///   one
///                                  in the store its number, and who approves others
///   PUT  /api/v1/policy            {text, author, expected, comment, file}: keeps it in the store
///                                  and puts it in force. 409 unless `expected` is the latest
///                                  number there (0: none yet), 403 while the configuration names
///                                  another policy, 202 where it waits for somebody's approval
///   GET  /api/v1/policy/versions   all versions in the store, the newest first; /N: one with its
///                                  text
///   POST /api/v1/policy/explain    {user, database, sql}: facts, verdict, each rule's reasons
///   POST /api/v1/policy/test       {cases, file}: the cases of `sluice policy test`
///   POST /api/v1/policy/replay     {policy, file, old, since, until, user, limit}: recorded
///                                  statements judged by `policy` (and by `old`, if given, instead
///                                  of the recorded verdicts)
///   POST /api/v1/policy/shadow     {since, until, user, database, limit}: what rules in shadow
///                                  would have done to recorded statements
///   POST /api/v1/lint              {database, sql}: what lint says of a script
///
/// `policy` and `old` are the texts of policies; without `policy` the one in force is meant.
class PolicyApi {
 public:
  PolicyApi(gateway::Gateway& gateway, audit::Log& log, gateway::PolicyKeeper& policies,
            std::filesystem::path audit_directory)
      : gateway_(gateway),
        log_(log),
        policies_(policies),
        audit_directory_(std::move(audit_directory)) {}

  /// Lets policies wait for approval; outlives this.
  void set_proposals(gateway::PolicyProposals& proposals) { proposals_ = &proposals; }
  /// Null body: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);

 private:
  HttpResponse show();
  HttpResponse save(const HttpRequest& request);
  /// Puts it to those who approve it.
  HttpResponse propose(const HttpRequest& request, store::PolicyVersion next,
                       const std::string& name, int64_t expected);
  HttpResponse versions();
  HttpResponse version(std::string_view number);
  HttpResponse explain(const HttpRequest& request);
  HttpResponse test(const HttpRequest& request);
  HttpResponse replay(const HttpRequest& request);
  HttpResponse shadow(const HttpRequest& request);
  HttpResponse lint(const HttpRequest& request);
  policy::Understand understand() const;
  Result<std::shared_ptr<const policy::Policy>> policy_in(const std::string& text,
                                                          const std::string& file) const;
  policy::Principal principal_of(const std::string& user) const;
  /// The same acting for a person, or as a service for an end user; each may be empty.
  policy::Principal principal_for(const std::string& user, const std::string& person,
                                  const std::string& end_user) const;

  gateway::Gateway& gateway_;
  audit::Log& log_;
  gateway::PolicyKeeper& policies_;
  gateway::PolicyProposals* proposals_ = nullptr;
  std::filesystem::path audit_directory_;
};

}  // namespace sluice::control
