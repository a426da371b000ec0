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
constexpr Reach kAsks = Reach::kAsks, kWhole = Reach::kWhole, kOwn = Reach::kOwn,
                kOwnAndWhole = Reach::kOwnAndWhole;

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/openapi.json", kNobody, "", kAsks, "This API, described"},
    // Who somebody is.
    {"POST", "/api/v1/login", kNobody, "", kAsks, "A credential for a password"},
    {"POST", "/api/v1/login/certificate", kNobody, "", kAsks,
     "Register the key of a client certificate"},
    {"GET", "/api/v1/login/issuers", kNobody, "", kAsks,
     "Identity providers that people log in by"},
    {"POST", "/api/v1/login/oidc", kNobody, "", kAsks, "Begin a login in the browser"},
    {"POST", "/api/v1/login/oidc/finish", kNobody, "", kAsks, "A credential for what came of it"},
    {"POST", "/api/v1/login/oidc/logout", kNobody, "", kAsks,
     "A provider tells who has logged out there"},
    {"POST", "/api/v1/login/device", kNobody, "", kAsks, "Begin a login by a code"},
    {"POST", "/api/v1/login/device/poll", kNobody, "", kAsks,
     "A credential, once the code was entered"},
    {"POST", "/api/v1/token", kNobody, "", kAsks, "A credential for a token (RFC 8693)"},
    {"POST", "/api/v1/session", kNobody, "", kAsks, "Log a browser in"},
    {"POST", "/api/v1/session/oidc", kNobody, "", kAsks, "Begin to log a browser in by a provider"},
    {"GET", "/api/v1/session/oidc/callback", kNobody, "", kAsks,
     "Where the provider sends it back to"},
    {"GET", "/api/v1/session", kAny, kApi, kAsks, "Who is logged in, and may do what"},
    {"DELETE", "/api/v1/session", kAny, kApi, kAsks, "Log out"},
    {"GET", "/api/v1/session/credentials", kAny, kApi, kAsks, "The caller's own credentials"},
    {"DELETE", "/api/v1/session/credentials/{id}", kAny, kApi, kAsks, "End one of them"},
    // What everybody may do, as far as the policy lets them.
    {"GET", "/api/v1/overview", kAny, kApi, kAsks, "What goes on; to members, what waits for them"},
    {"GET", "/api/v1/databases", kAny, kApi, kAsks,
     "Databases that the caller's credential is good for"},
    {"GET", "/api/v1/databases/{name}/schema", kAny, kApi, kAsks,
     "Tables and columns, as the caller may see them"},
    {"POST", "/api/v1/query", kAny, kApi, kAsks, "Run one statement as the caller"},
    {"POST", "/api/v1/query/dry-run", kAny, kApi, kAsks,
     "What one would change, and nothing changed"},
    {"DELETE", "/api/v1/query/{id}", kAny, kApi, kAsks, "Cancel one of the caller's own that runs"},
    {"POST", "/api/v1/policy/explain", kAny, kApi, kAsks,
     "What would become of a statement; of members, of their own"},
    {"POST", "/api/v1/lint", kAny, kApi, kAsks, "What a schema change locks, and what is safer"},
    {"GET", "/api/v1/history", kAny, kApi, kAsks, "The caller's own statements"},
    {"GET", "/api/v1/approvals", kAny, "approvals", kAsks, "Requests that the caller may see"},
    {"GET", "/api/v1/approvals/delegations", kAny, "approvals", kAsks, "Who decides for whom"},
    {"POST", "/api/v1/approvals/delegations", kAny, "approvals", kOwnAndWhole,
     "Let somebody decide for you"},
    {"POST", "/api/v1/approvals/delegations/{number}/end", kAny, "approvals", kOwnAndWhole,
     "End that"},
    {"POST", "/api/v1/approvals/answers/{name}", kNobody, "", kAsks,
     "What a webhook's receiver answers"},
    {"GET", "/api/v1/approvals/{number}", kAny, "approvals", kAsks, "One request"},
    {"POST", "/api/v1/approvals/{number}/approve", kAny, "approvals", kAsks, "Approve it"},
    {"POST", "/api/v1/approvals/{number}/reject", kAny, "approvals", kAsks, "Reject it"},
    {"POST", "/api/v1/approvals/{number}/comment", kAny, "approvals", kAsks, "Comment on it"},
    {"POST", "/api/v1/approvals/{number}/withdraw", kAny, "approvals", kAsks, "Withdraw one's own"},
    {"GET", "/api/v1/undo", kAny, "approvals", kAsks, "What can be undone"},
    {"GET", "/api/v1/undo/{number}", kAny, "approvals", kOwn, "What would happen"},
    {"POST", "/api/v1/undo/{number}", kAny, "approvals", kOwn, "Undo what ran under an approval"},
    {"GET", "/api/v1/changes", kAny, "changes", kAsks, "Changes that the caller may see"},
    {"POST", "/api/v1/changes", kAny, "changes", kAsks, "Submit one"},
    {"GET", "/api/v1/changes/{number}", kAny, "changes", kAsks, "One change and its steps"},
    {"POST", "/api/v1/changes/{number}/run", kAny, "changes", kAsks, "Run it"},
    {"POST", "/api/v1/changes/{number}/rollback", kAny, "changes", kAsks, "Run its rollback"},
    {"POST", "/api/v1/changes/{number}/cancel", kAny, "changes", kAsks, "Stop it"},
    {"GET", "/api/v1/grants", kAny, "grants", kAsks, "Access for a while that the caller may see"},
    {"POST", "/api/v1/grants", kAny, "grants", kAsks, "Ask for access"},
    {"GET", "/api/v1/grants/{number}", kAny, "grants", kAsks, "One grant"},
    {"POST", "/api/v1/grants/{number}/extend", kAny, "grants", kAsks, "Ask for it to last longer"},
    {"POST", "/api/v1/grants/{number}/return", kAny, "grants", kAsks, "Give it back"},
    {"POST", "/api/v1/grants/{number}/revoke", kAny, "grants", kAsks, "Take it away"},
    {"POST", "/api/v1/grants/{number}/review", kAny, "grants", kAsks,
     "Look at what was done with it"},
    {"GET", "/api/v1/access", kAny, "grants", kOwnAndWhole,
     "Who holds what, for those who review access"},
    {"POST", "/api/v1/access", kAny, "grants", kOwnAndWhole, "Keep or revoke it"},
    {"POST", "/api/v1/agents/prompts", kAny, "mcp", kAsks, "Register a prompt of an agent"},
    {"GET", "/api/v1/agents/prompts/{id}", kAny, "mcp", kAsks,
     "One with its text; whose own it is"},
    {"GET", "/api/v1/agents/runs", kAny, "mcp", kAsks, "Runs of the caller and of their agents"},
    {"GET", "/api/v1/agents/runs/{run}", kAny, "mcp", kAsks,
     "Its prompts, and what was run for each"},
    {"GET", "/api/v1/agents/budgets", kAny, "mcp", kAsks, "What the caller's budgets have left"},
    // What those who decide look at.
    {"GET", "/api/v1/policy", kLooksAtRules, kApi, kWhole, "The policy in force"},
    {"POST", "/api/v1/data/list", kLooksAtRules, kApi, kAsks, "What columns hold"},
    {"POST", "/api/v1/data/explain", kLooksAtRules, kApi, kAsks, "Why that is thought of them"},
    {"GET", "/api/v1/data/history", kLooksAtRules, kApi, kAsks, "People's words on columns"},
    // What auditors read.
    {"GET", "/api/v1/audit/records", kReadsAll, kApi, kWhole, "A page of records"},
    {"GET", "/api/v1/audit/records/{sequence}", kReadsAll, kApi, kWhole, "One record"},
    {"GET", "/api/v1/audit/records/{sequence}/result", Role::kAuditor, kApi, kWhole,
     "What was kept of its result"},
    {"GET", "/api/v1/audit/counts", kReadsAll, kApi, kWhole,
     "How many there are, by fields and time"},
    {"GET", "/api/v1/audit/tail", kReadsAll, kApi, kWhole, "Records as they are written"},
    {"GET", "/api/v1/audit/searches", kReadsAll, kApi, kWhole, "Saved searches"},
    {"PUT", "/api/v1/audit/searches/{name}", kReadsAll, kApi, kWhole, "Save one"},
    {"DELETE", "/api/v1/audit/searches/{name}", kReadsAll, kApi, kWhole, "Forget one"},
    {"POST", "/api/v1/audit/who-saw", kReadsAll, kApi, kWhole, "Who has seen a value"},
    {"GET", "/api/v1/audit/subjects", kReadsAll, kApi, kWhole,
     "How many sensitive values people have seen"},
    {"GET", "/api/v1/audit/history", kReadsAll, kApi, kWhole,
     "What has happened to a table or column"},
    {"GET", "/api/v1/audit/transcripts/{session}", kReadsAll, kApi, kWhole,
     "A session, statement by statement"},
    {"POST", "/api/v1/audit/verification", kReadsAll, kApi, kWhole, "Check the whole log"},
    {"GET", "/api/v1/provenance/receipts", kReadsAll, kApi, kWhole, "What has left for training"},
    {"GET", "/api/v1/provenance/receipts/{id}", kReadsAll, kApi, kWhole, "One signed receipt"},
    {"POST", "/api/v1/provenance/contains", kReadsAll, kApi, kWhole,
     "Whether a data set holds somebody's values"},
    {"POST", "/api/v1/provenance/affected", kReadsAll, kApi, kWhole,
     "Which data sets hold somebody's values"},
    {"GET", "/api/v1/audit/receipts/{sequence}", kAny, kApi, kAsks,
     "The proof of one record: anybody's for who reads the audit trail, else of one's own"},
    {"GET", "/api/v1/audit/key", kReadsAll, kApi, kAsks, "The log's public key"},
    {"GET", "/api/v1/audit/witness-key", kReadsAll, kApi, kAsks,
     "The key that cosigns others' logs"},
    {"GET", "/api/v1/audit/retention", kReadsAll, kApi, kWhole, "What is due to be erased"},
    {"GET", "/api/v1/audit/holds", kReadsAll, kApi, kWhole, "Legal holds: what nobody may erase"},
    {"GET", "/api/v1/sessions", kReadsAll, kApi, kAsks, "Who is connected"},
    {"GET", "/api/v1/streams", kReadsAll, kApi, kWhole, "Where records go besides the log"},
    {"GET", "/api/v1/policy/versions", kReadsAll, kApi, kWhole, "Policies that were in force"},
    {"GET", "/api/v1/policy/versions/{number}", kReadsAll, kApi, kWhole, "One of them"},
    {"POST", "/api/v1/policy/test", kReadsAll, kApi, kWhole, "Run cases against a policy"},
    {"POST", "/api/v1/policy/replay", kReadsAll, kApi, kWhole, "What other rules would have said"},
    {"POST", "/api/v1/policy/shadow", kReadsAll, kApi, kWhole,
     "What rules in shadow would have done"},
    {"GET", "/api/v1/users", kReadsAll, kApi, kWhole, "Users and their credentials"},
    {"GET", "/api/v1/scim/tokens", kReadsAll, kApi, kWhole,
     "What identity providers show for SCIM"},
    {"GET", "/api/v1/settings", kRuns, kApi, kWhole, "How this gateway is set up"},
    {"GET", "/api/v1/version", kReadsAll, kApi, kAsks, "What runs here"},
    // What changes how the gateway works.
    {"DELETE", "/api/v1/sessions/{id}", kRuns, kApi, kAsks, "End a session"},
    {"POST", "/api/v1/databases", kRuns, kApi, kWhole, "Add a database"},
    {"PUT", "/api/v1/databases/{name}", kRuns, kApi, kAsks, "Change one that was added"},
    {"DELETE", "/api/v1/databases/{name}", kRuns, kApi, kAsks, "Remove one that was added"},
    {"POST", "/api/v1/databases/{name}/check", kRuns, kApi, kAsks, "Can the gateway log in there?"},
    {"PUT", "/api/v1/policy", kRuns, kApi, kWhole, "Put a policy in force"},
    {"PUT", "/api/v1/data/column", kRuns, kApi, kAsks, "Say what a column holds"},
    {"POST", "/api/v1/users", kRuns, kApi, kWhole, "Add a user"},
    {"PATCH", "/api/v1/users/{name}", kRuns, kApi, kWhole, "Change one"},
    {"DELETE", "/api/v1/users/{name}", kRuns, kApi, kWhole, "Remove one"},
    {"POST", "/api/v1/users/{name}/tokens", kRuns, kApi, kWhole, "Make a token"},
    {"DELETE", "/api/v1/users/{name}/credentials/{id}", kRuns, kApi, kWhole, "Revoke a credential"},
    {"POST", "/api/v1/users/{name}/identities", kRuns, kApi, kWhole,
     "Say who they are at a provider"},
    {"PUT", "/api/v1/users/{name}/one-time-codes", kRuns, kApi, kWhole, "Demand one-time codes"},
    {"DELETE", "/api/v1/users/{name}/one-time-codes", kRuns, kApi, kWhole, "Demand none any more"},
    {"PUT", "/api/v1/users/{name}/assertion-key", kRuns, kApi, kWhole,
     "Let a service say for whom it acts"},
    {"DELETE", "/api/v1/users/{name}/assertion-key", kRuns, kApi, kWhole,
     "It acts for itself alone"},
    {"POST", "/api/v1/audit/key/rotate", kRuns, kApi, kWhole, "Sign with a new key from now on"},
    {"DELETE", "/api/v1/agents/prompts/{id}", kRuns, kApi, kWhole, "Erase the text of a prompt"},
    {"POST", "/api/v1/audit/retention", kRuns, kApi, kWhole, "Erase what is due now"},
    {"POST", "/api/v1/audit/erasures", kRuns, kApi, kWhole, "Erase records by hand"},
    {"POST", "/api/v1/audit/reconciliations", kRuns, kApi, kWhole,
     "Compare the log with what a server committed"},
    {"POST", "/api/v1/directories/check", kRuns, kApi, kWhole,
     "Do directories answer, and know somebody?"},
    {"POST", "/api/v1/audit/holds", kRuns, kApi, kWhole, "Keep records from being erased"},
    {"DELETE", "/api/v1/audit/holds/{name}", kRuns, kApi, kWhole, "Let go of a legal hold"},
    {"POST", "/api/v1/scim/tokens", kRuns, kApi, kWhole, "Make a token for SCIM"},
    {"DELETE", "/api/v1/scim/tokens/{id}", kRuns, kApi, kWhole, "Revoke one"},
    {"POST", "/api/v1/scim/adopt", kRuns, kApi, kWhole,
     "Hand a user over to the identity provider"},
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
