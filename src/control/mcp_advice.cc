#include "control/mcp_advice.h"

#include <algorithm>
#include <array>
#include <string>

#include "control/body.h"

namespace sluice::control {
namespace {

struct Advice {
  std::string_view about, next;
};

constexpr std::string_view kNames = "Names of tables and columns are in describe_schema.";
constexpr std::string_view kTooLong =
    "It was cancelled, or took longer than it may: ask for less, by a condition or a LIMIT.";
constexpr std::string_view kAgain = "Run it once more.";
constexpr std::string_view kAlone =
    "Nothing of this outlasts the call: each statement runs by itself. Several statements in one "
    "transaction are a change: propose_change.";

/// PostgreSQL's codes (its manual, appendix A).
constexpr std::array kBySqlstate = {Advice{"42P01", kNames},
                                    Advice{"42703", kNames},
                                    Advice{"3F000", kNames},
                                    Advice{"42883", kNames},
                                    Advice{"57014", kTooLong},
                                    Advice{"40001", kAgain},
                                    Advice{"40P01", kAgain},
                                    Advice{"55P03", kAgain},
                                    Advice{"25006", "query only reads: run it with execute."}};

constexpr std::array kByTool = {
    Advice{"approval_status",
           "The number is the one that execute has returned as waiting_for_approval, to you."},
    Advice{"change_status", "The number is the one that propose_change has returned, to you."},
    Advice{"run_change",
           "Follow it with change_status: only a change that is approved or ready can be run."},
    Advice{"access_status", "The number is the one that request_access has returned, to you."},
    Advice{"request_access",
           "Databases are in list_databases; roles that you may ask for are in the resource "
           "sluice://databases/DATABASE/policy."},
    Advice{"propose_change",
           "Databases are in list_databases. Look at each statement with explain_statement, mend "
           "the script, and propose it again."}};

constexpr std::array<std::string_view, 10> kOfSessions = {
    "BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK",       "SAVEPOINT",
    "SET",   "PREPARE",           "LISTEN", "DECLARE CURSOR", "LOCK TABLE"};

template <typename All>
std::string_view found(const All& all, std::string_view about) {
  const auto at = std::ranges::find(all, about, &Advice::about);
  return at == all.end() ? std::string_view() : at->next;
}

}  // namespace

std::string_view advice_for_sqlstate(std::string_view sqlstate) {
  return found(kBySqlstate, sqlstate);
}

std::string_view advice_for_tool(std::string_view tool) { return found(kByTool, tool); }

std::string_view advice_for_tag(std::string_view tag) {
  return std::ranges::find(kOfSessions, tag) == kOfSessions.end() ? std::string_view() : kAlone;
}

void add_advice(std::string_view tool, boost::json::object& problem) {
  std::string said = text_of(problem, "title");
  // Agents have no command line.
  constexpr std::string_view kCommand = "; see: sluice ";
  if (const size_t at = said.find(kCommand); at != std::string::npos) said.resize(at);
  if (const auto detail = text_of(problem, "detail"); !detail.empty()) said += ": " + detail;
  problem["error"] = said;
  if (const auto next = advice_for_tool(tool); !next.empty()) problem["next"] = next;
}

}  // namespace sluice::control
