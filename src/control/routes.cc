#include "control/routes.h"

#include <algorithm>

namespace sluice::control {
namespace {

constexpr Roles kNobody{};
constexpr Roles kAny = Roles(Role::kMember) | Role::kApprover | Role::kAuditor | Role::kAdmin;
constexpr Roles kLooksAtRules = Roles(Role::kApprover) | Role::kAuditor | Role::kAdmin;
constexpr Roles kReadsAll = Role::kAuditor | Role::kAdmin;
constexpr Roles kRuns = Role::kAdmin;
/// What a token needs besides, for what has no scope of its own.
constexpr std::string_view kApi = "api";

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/openapi.json", kNobody, "", "This API, described"},
    // Who somebody is.
    {"POST", "/api/v1/login", kNobody, "", "A credential for a password"},
    {"POST", "/api/v1/login/certificate", kNobody, "", "Register the key of a client certificate"},
    {"GET", "/api/v1/login/issuers", kNobody, "", "Identity providers that people log in by"},
    {"POST", "/api/v1/login/oidc", kNobody, "", "Begin a login in the browser"},
    {"POST", "/api/v1/login/oidc/finish", kNobody, "", "A credential for what came of it"},
    {"POST", "/api/v1/login/oidc/logout", kNobody, "", "A provider tells who has logged out there"},
    {"POST", "/api/v1/login/device", kNobody, "", "Begin a login by a code"},
    {"POST", "/api/v1/login/device/poll", kNobody, "", "A credential, once the code was entered"},
    {"POST", "/api/v1/token", kNobody, "", "A credential for a token (RFC 8693)"},
    {"POST", "/api/v1/session", kNobody, "", "Log a browser in"},
    {"POST", "/api/v1/session/oidc", kNobody, "", "Begin to log a browser in by a provider"},
    {"GET", "/api/v1/session/oidc/callback", kNobody, "", "Where the provider sends it back to"},
    {"GET", "/api/v1/session", kAny, kApi, "Who is logged in, and may do what"},
    {"DELETE", "/api/v1/session", kAny, kApi, "Log out"},
    {"GET", "/api/v1/session/credentials", kAny, kApi, "The caller's own credentials"},
    {"DELETE", "/api/v1/session/credentials/{id}", kAny, kApi, "End one of them"},
    // What everybody may do, as far as the policy lets them.
    {"GET", "/api/v1/overview", kAny, kApi, "What goes on; to members, what waits for them"},
    {"GET", "/api/v1/databases", kAny, kApi, "Databases that the caller's credential is good for"},
    {"GET", "/api/v1/databases/{name}/schema", kAny, kApi,
     "Tables and columns, as the caller may see them"},
    {"POST", "/api/v1/query", kAny, kApi, "Run one statement as the caller"},
    {"POST", "/api/v1/query/dry-run", kAny, kApi, "What one would change, and nothing changed"},
    {"DELETE", "/api/v1/query/{id}", kAny, kApi, "Cancel one of the caller's own that runs"},
    {"POST", "/api/v1/policy/explain", kAny, kApi,
     "What would become of a statement; of members, of their own"},
    {"POST", "/api/v1/lint", kAny, kApi, "What a schema change locks, and what is safer"},
    {"GET", "/api/v1/history", kAny, kApi, "The caller's own statements"},
    {"GET", "/api/v1/approvals", kAny, "approvals", "Requests that the caller may see"},
    {"GET", "/api/v1/approvals/delegations", kAny, "approvals", "Who decides for whom"},
    {"POST", "/api/v1/approvals/delegations", kAny, "approvals", "Let somebody decide for you"},
    {"POST", "/api/v1/approvals/delegations/{number}/end", kAny, "approvals", "End that"},
    {"POST", "/api/v1/approvals/answers/{name}", kNobody, "", "What a webhook's receiver answers"},
    {"GET", "/api/v1/approvals/{number}", kAny, "approvals", "One request"},
    {"POST", "/api/v1/approvals/{number}/approve", kAny, "approvals", "Approve it"},
    {"POST", "/api/v1/approvals/{number}/reject", kAny, "approvals", "Reject it"},
    {"POST", "/api/v1/approvals/{number}/comment", kAny, "approvals", "Comment on it"},
    {"POST", "/api/v1/approvals/{number}/withdraw", kAny, "approvals", "Withdraw one's own"},
    {"GET", "/api/v1/undo", kAny, "approvals", "What can be undone"},
    {"GET", "/api/v1/undo/{number}", kAny, "approvals", "What would happen"},
    {"POST", "/api/v1/undo/{number}", kAny, "approvals", "Undo what ran under an approval"},
    {"GET", "/api/v1/changes", kAny, "changes", "Changes that the caller may see"},
    {"POST", "/api/v1/changes", kAny, "changes", "Submit one"},
    {"GET", "/api/v1/changes/{number}", kAny, "changes", "One change and its steps"},
    {"POST", "/api/v1/changes/{number}/run", kAny, "changes", "Run it"},
    {"POST", "/api/v1/changes/{number}/rollback", kAny, "changes", "Run its rollback"},
    {"POST", "/api/v1/changes/{number}/cancel", kAny, "changes", "Stop it"},
    {"GET", "/api/v1/grants", kAny, "grants", "Access for a while that the caller may see"},
    {"POST", "/api/v1/grants", kAny, "grants", "Ask for access"},
    {"GET", "/api/v1/grants/{number}", kAny, "grants", "One grant"},
    {"POST", "/api/v1/grants/{number}/extend", kAny, "grants", "Ask for it to last longer"},
    {"POST", "/api/v1/grants/{number}/return", kAny, "grants", "Give it back"},
    {"POST", "/api/v1/grants/{number}/revoke", kAny, "grants", "Take it away"},
    {"POST", "/api/v1/grants/{number}/review", kAny, "grants", "Look at what was done with it"},
    {"GET", "/api/v1/access", kAny, "grants", "Who holds what, for those who review access"},
    {"POST", "/api/v1/access", kAny, "grants", "Keep or revoke it"},
    {"POST", "/api/v1/agents/prompts", kAny, "mcp", "Register a prompt of an agent"},
    {"GET", "/api/v1/agents/prompts/{id}", kAny, "mcp", "One with its text; whose own it is"},
    {"GET", "/api/v1/agents/runs", kAny, "mcp", "Runs of the caller and of their agents"},
    {"GET", "/api/v1/agents/runs/{run}", kAny, "mcp", "Its prompts, and what was run for each"},
    {"GET", "/api/v1/agents/budgets", kAny, "mcp", "What the caller's budgets have left"},
    // What those who decide look at.
    {"GET", "/api/v1/policy", kLooksAtRules, kApi, "The policy in force"},
    {"POST", "/api/v1/data/list", kLooksAtRules, kApi, "What columns hold"},
    {"POST", "/api/v1/data/explain", kLooksAtRules, kApi, "Why that is thought of them"},
    {"GET", "/api/v1/data/history", kLooksAtRules, kApi, "People's words on columns"},
    // What auditors read.
    {"GET", "/api/v1/audit/records", kReadsAll, kApi, "A page of records"},
    {"GET", "/api/v1/audit/records/{sequence}", kReadsAll, kApi, "One record"},
    {"GET", "/api/v1/audit/records/{sequence}/result", Role::kAuditor, kApi,
     "What was kept of its result"},
    {"GET", "/api/v1/audit/counts", kReadsAll, kApi, "How many there are, by fields and time"},
    {"GET", "/api/v1/audit/tail", kReadsAll, kApi, "Records as they are written"},
    {"GET", "/api/v1/audit/searches", kReadsAll, kApi, "Saved searches"},
    {"PUT", "/api/v1/audit/searches/{name}", kReadsAll, kApi, "Save one"},
    {"DELETE", "/api/v1/audit/searches/{name}", kReadsAll, kApi, "Forget one"},
    {"POST", "/api/v1/audit/who-saw", kReadsAll, kApi, "Who has seen a value"},
    {"GET", "/api/v1/audit/subjects", kReadsAll, kApi,
     "How many sensitive values people have seen"},
    {"GET", "/api/v1/audit/history", kReadsAll, kApi, "What has happened to a table or column"},
    {"GET", "/api/v1/audit/transcripts/{session}", kReadsAll, kApi,
     "A session, statement by statement"},
    {"POST", "/api/v1/audit/verification", kReadsAll, kApi, "Check the whole log"},
    {"GET", "/api/v1/provenance/receipts", kReadsAll, kApi, "What has left for training"},
    {"GET", "/api/v1/provenance/receipts/{id}", kReadsAll, kApi, "One signed receipt"},
    {"POST", "/api/v1/provenance/contains", kReadsAll, kApi,
     "Whether a data set holds somebody's values"},
    {"POST", "/api/v1/provenance/affected", kReadsAll, kApi,
     "Which data sets hold somebody's values"},
    {"GET", "/api/v1/audit/receipts/{sequence}", kAny, kApi,
     "The proof of one record: anybody's for who reads the audit trail, else of one's own"},
    {"GET", "/api/v1/audit/key", kReadsAll, kApi, "The log's public key"},
    {"GET", "/api/v1/audit/witness-key", kReadsAll, kApi, "The key that cosigns others' logs"},
    {"GET", "/api/v1/audit/retention", kReadsAll, kApi, "What is due to be erased"},
    {"GET", "/api/v1/audit/holds", kReadsAll, kApi, "Legal holds: what nobody may erase"},
    {"GET", "/api/v1/sessions", kReadsAll, kApi, "Who is connected"},
    {"GET", "/api/v1/streams", kReadsAll, kApi, "Where records go besides the log"},
    {"GET", "/api/v1/policy/versions", kReadsAll, kApi, "Policies that were in force"},
    {"GET", "/api/v1/policy/versions/{number}", kReadsAll, kApi, "One of them"},
    {"POST", "/api/v1/policy/test", kReadsAll, kApi, "Run cases against a policy"},
    {"POST", "/api/v1/policy/replay", kReadsAll, kApi, "What other rules would have said"},
    {"POST", "/api/v1/policy/shadow", kReadsAll, kApi, "What rules in shadow would have done"},
    {"GET", "/api/v1/users", kReadsAll, kApi, "Users and their credentials"},
    {"GET", "/api/v1/scim/tokens", kReadsAll, kApi, "What identity providers show for SCIM"},
    {"GET", "/api/v1/settings", kRuns, kApi, "How this gateway is set up"},
    {"GET", "/api/v1/version", kReadsAll, kApi, "What runs here"},
    // What changes how the gateway works.
    {"DELETE", "/api/v1/sessions/{id}", kRuns, kApi, "End a session"},
    {"POST", "/api/v1/databases", kRuns, kApi, "Add a database"},
    {"PUT", "/api/v1/databases/{name}", kRuns, kApi, "Change one that was added"},
    {"DELETE", "/api/v1/databases/{name}", kRuns, kApi, "Remove one that was added"},
    {"POST", "/api/v1/databases/{name}/check", kRuns, kApi, "Can the gateway log in there?"},
    {"PUT", "/api/v1/policy", kRuns, kApi, "Put a policy in force"},
    {"PUT", "/api/v1/data/column", kRuns, kApi, "Say what a column holds"},
    {"POST", "/api/v1/users", kRuns, kApi, "Add a user"},
    {"PATCH", "/api/v1/users/{name}", kRuns, kApi, "Change one"},
    {"DELETE", "/api/v1/users/{name}", kRuns, kApi, "Remove one"},
    {"POST", "/api/v1/users/{name}/tokens", kRuns, kApi, "Make a token"},
    {"DELETE", "/api/v1/users/{name}/credentials/{id}", kRuns, kApi, "Revoke a credential"},
    {"POST", "/api/v1/users/{name}/identities", kRuns, kApi, "Say who they are at a provider"},
    {"PUT", "/api/v1/users/{name}/one-time-codes", kRuns, kApi, "Demand one-time codes"},
    {"DELETE", "/api/v1/users/{name}/one-time-codes", kRuns, kApi, "Demand none any more"},
    {"PUT", "/api/v1/users/{name}/assertion-key", kRuns, kApi,
     "Let a service say for whom it acts"},
    {"DELETE", "/api/v1/users/{name}/assertion-key", kRuns, kApi, "It acts for itself alone"},
    {"POST", "/api/v1/audit/key/rotate", kRuns, kApi, "Sign with a new key from now on"},
    {"DELETE", "/api/v1/agents/prompts/{id}", kRuns, kApi, "Erase the text of a prompt"},
    {"POST", "/api/v1/audit/retention", kRuns, kApi, "Erase what is due now"},
    {"POST", "/api/v1/audit/erasures", kRuns, kApi, "Erase records by hand"},
    {"POST", "/api/v1/audit/reconciliations", kRuns, kApi,
     "Compare the log with what a server committed"},
    {"POST", "/api/v1/directories/check", kRuns, kApi, "Do directories answer, and know somebody?"},
    {"POST", "/api/v1/audit/holds", kRuns, kApi, "Keep records from being erased"},
    {"DELETE", "/api/v1/audit/holds/{name}", kRuns, kApi, "Let go of a legal hold"},
    {"POST", "/api/v1/scim/tokens", kRuns, kApi, "Make a token for SCIM"},
    {"DELETE", "/api/v1/scim/tokens/{id}", kRuns, kApi, "Revoke one"},
    {"POST", "/api/v1/scim/adopt", kRuns, kApi, "Hand a user over to the identity provider"},
};

std::string_view first_segment(std::string_view& path) {
  const size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return segment;
}

/// A segment that stands there as it is comes before one that stands for any.
enum class Fit : uint8_t { kNo, kByName, kExactly };

Fit fits(std::string_view pattern, std::string_view path) {
  if (std::count(pattern.begin(), pattern.end(), '/') != std::count(path.begin(), path.end(), '/'))
    return Fit::kNo;
  Fit fit = Fit::kExactly;
  while (!pattern.empty()) {
    const std::string_view wanted = first_segment(pattern), given = first_segment(path);
    if (wanted.starts_with('{')) {
      if (given.empty()) return Fit::kNo;
      fit = Fit::kByName;
    } else if (wanted != given) {
      return Fit::kNo;
    }
  }
  return fit;
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

const Route* find_route(std::string_view method, std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (method == "HEAD") method = "GET";
  const Route* found = nullptr;
  for (const Route& route : kRoutes) {
    if (route.method != method) continue;
    const Fit fit = fits(route.path, path);
    if (fit == Fit::kExactly) return &route;
    if (fit == Fit::kByName && found == nullptr) found = &route;
  }
  return found;
}

std::vector<std::string_view> methods_of(std::string_view path) {
  path = path.substr(0, path.find('?'));
  std::vector<std::string_view> out;
  for (const Route& route : kRoutes) {
    if (fits(route.path, path) != Fit::kNo) out.push_back(route.method);
  }
  return out;
}

}  // namespace sluice::control
