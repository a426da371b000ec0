#include "gateway/dry_run.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "gateway/fresh_state.h"

namespace sluice::gateway {
namespace {

constexpr const char* kBegin =
    "BEGIN; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '5s'; "
    "SET LOCAL idle_in_transaction_session_timeout = '10s'; ";
/// All that this transaction has changed, whoever of triggers and cascades it was.
constexpr const char* kCount =
    "SELECT pg_catalog.format('%I.%I', schemaname, relname), n_tup_ins, n_tup_upd, n_tup_del, "
    "pg_catalog.current_setting('track_counts') FROM pg_catalog.pg_stat_xact_user_tables WHERE "
    "n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1; ";
// A comment at its end must not take what follows; EXPLAIN throws away what it returns.
constexpr const char* kRun = "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF, SUMMARY OFF) {}\n; ";
constexpr const char* kCheckAll = "SET CONSTRAINTS ALL IMMEDIATE; ";
/// Where its answers stand: behind those to kBegin, for one statement and for several.
constexpr size_t kSessionAt = 4, kCountAt = 7, kAnswers = 9;

/// What changes rows, or nothing.
bool taken_back(sql::ActionKind kind) {
  switch (kind) {
    case sql::ActionKind::kRead:
    case sql::ActionKind::kReadCatalog:
    case sql::ActionKind::kInsert:
    case sql::ActionKind::kUpdate:
    case sql::ActionKind::kDelete:
    case sql::ActionKind::kMerge:
      return true;
    default:
      return false;
  }
}

constexpr int kDeepest = 16;

/// Why writing to a relation or its parts leaves something behind; empty: it does not.
std::string left_by(const catalog::Relation& relation, const catalog::Catalog& catalog,
                    int depth = 0) {
  using catalog::RelationKind;
  if (relation.kind != RelationKind::kTable && relation.kind != RelationKind::kPartitionedTable &&
      relation.kind != RelationKind::kView)
    return fmt::format("{} is no table of this database alone", relation.qualified_name());
  for (const auto& column : relation.columns) {
    if (column.identity || column.default_text.find("nextval(") != std::string::npos) {
      return fmt::format("{}.{} takes numbers of a sequence, which are not given back",
                         relation.qualified_name(), column.name);
    }
  }
  for (const catalog::Oid child : relation.children) {
    const catalog::Relation* part = catalog.relation(child);
    if (part == nullptr || depth == kDeepest) return "what it changes is not known";
    if (auto why = left_by(*part, catalog, depth + 1); !why.empty()) return why;
  }
  return {};
}

constexpr const char* kRule = "dry-run";
/// Of what is told in the place of a result; no SQLSTATE of the standard's or of PostgreSQL's.
constexpr const char* kShown = "SLDRY";

bool changes_rows(const sql::StatementFacts& facts) {
  return facts.kind == "INSERT" || facts.kind == "UPDATE" || facts.kind == "DELETE" ||
         facts.kind == "MERGE";
}

std::shared_ptr<policy::Decision> not_shown(std::shared_ptr<policy::Decision> decision,
                                            std::string message, std::string hint) {
  decision->effect = policy::Effect::kDeny;
  decision->rule = kRule;
  decision->sqlstate = "0A000";
  decision->message = std::move(message);
  decision->hint = std::move(hint);
  decision->detail = boost::json::serialize(boost::json::object{
      {"rule", kRule}, {"reason", decision->message}, {"next", decision->hint}});
  decision->holds.clear();
  return decision;
}

uint64_t number(const std::optional<std::string>& text) {
  uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

/// Rows of a table that were inserted, updated and deleted.
using Counts = std::array<uint64_t, 3>;

/// What an answer to kCount says more than those before it have said, which it adds to `before`.
policy::DryRun counted(const catalog::Rows& rows, std::map<std::string, Counts>& before) {
  policy::DryRun out;
  uint64_t all = 0;
  for (const auto& row : rows) {
    constexpr size_t kColumns = 5;
    if (row.size() != kColumns || row[4].value_or("") != "on")
      return {.why_not = "the server does not count rows (track_counts)"};
    const Counts now = {number(row[1]), number(row[2]), number(row[3])};
    const Counts then = std::exchange(before[row[0].value_or("")], now);
    const uint64_t inserted = now[0] - then[0], updated = now[1] - then[1],
                   deleted = now[2] - then[2];
    if (inserted + updated + deleted == 0) continue;
    all += inserted + updated + deleted;
    out.tables.push_back(fmt::format("{}: {} inserted, {} updated, {} deleted", row[0].value_or(""),
                                     inserted, updated, deleted));
  }
  out.rows = all;
  return out;
}

}  // namespace

std::string no_dry_run(const sql::StatementFacts& facts, const catalog::Catalog* catalog,
                       const config::DatabaseConfig& database, bool parameters,
                       bool in_transaction) {
  if (facts.statements != 1 || !changes_rows(facts))
    return "only one INSERT, UPDATE, DELETE or MERGE can be";
  if (parameters) return "it has parameters";
  if (in_transaction) return "its transaction has begun, and another one sees other rows";
  if (database.identity.settings || !database.identity.roles.empty())
    return "the server is told who the session's user is, and the gateway's own is nobody";
  if (!facts.unanalysable.empty() || facts.unresolved || catalog == nullptr)
    return "what it does cannot be told beforehand";
  if (facts.dynamic_sql) return "it runs SQL that is put together as it runs";
  for (const sql::FunctionUse& function : facts.functions) {
    // What the others do is among the actions.
    if (function.risk != sql::FunctionRisk::kNone || function.oid == 0)
      return fmt::format("it calls {}.{}, of which nobody knows what it leaves behind",
                         function.schema, function.name);
  }
  for (const sql::Action& action : facts.actions) {
    if (!taken_back(action.kind))
      return fmt::format("{} is not taken back by a rollback", sql::name_of(action.kind));
    const bool inserts =
        action.kind == sql::ActionKind::kInsert || action.kind == sql::ActionKind::kMerge;
    const bool writes = inserts || action.kind == sql::ActionKind::kUpdate ||
                        action.kind == sql::ActionKind::kDelete;
    if (!writes) continue;
    for (const sql::Object& target : action.targets) {
      const catalog::Relation* relation = target.oid == 0 ? nullptr : catalog->relation(target.oid);
      if (relation == nullptr) return "what it changes is not known";
      if (auto why = left_by(*relation, *catalog); !why.empty()) return why;
    }
  }
  return {};
}

std::string dry_run_text(const std::string& statement) {
  return fmt::format("{}{}; {}{}{}ROLLBACK", kBegin, kSessionQuery,
                     fmt::format(fmt::runtime(kRun), statement), kCheckAll, kCount);
}

std::string told_of_failure(const config::DatabaseConfig& database, const Error& error) {
  return database.masking ? "the server does not run it, as it would be sent" : error.text;
}

std::string dry_run_text(const std::vector<std::string>& statements) {
  std::string out = kBegin;
  for (size_t i = 0; i < statements.size(); ++i) {
    out += fmt::format(fmt::runtime(kRun), statements[i]);
    // What is put off to the end of the transaction is the last one's.
    if (i + 1 == statements.size()) out += kCheckAll;
    out += kCount;
  }
  return out + "ROLLBACK";
}

policy::DryRun read_dry_run(const std::vector<catalog::Rows>& answer, const std::string& session) {
  if (answer.size() != kAnswers || answer[kSessionAt].empty() || answer[kSessionAt][0].empty())
    return {.why_not = "the server's answer cannot be read"};
  if (answer[kSessionAt][0][0].value_or("") != session)
    return {.why_not = "the session's role, search_path or settings are not those of a fresh one"};
  std::map<std::string, Counts> none;
  return counted(answer[kCountAt], none);
}

std::vector<policy::DryRun> read_dry_run(const std::vector<catalog::Rows>& answer,
                                         size_t statements) {
  // Two answers to each, and those to kBegin, kCheckAll and ROLLBACK.
  if (statements == 0 || answer.size() != kSessionAt + 2 * statements + 2) {
    return std::vector<policy::DryRun>(statements,
                                       {.why_not = "the server's answer cannot be read"});
  }
  std::map<std::string, Counts> before;
  std::vector<policy::DryRun> out;
  for (size_t i = 0; i < statements; ++i) {
    const size_t check = i + 1 == statements ? 1 : 0;
    out.push_back(counted(answer[kSessionAt + 2 * i + 1 + check], before));
  }
  return out;
}

std::shared_ptr<const policy::Decision> for_show(std::shared_ptr<const policy::Decision> decided,
                                                 const sql::StatementFacts& facts) {
  if (decided->effect == policy::Effect::kDeny) return decided;
  auto out = std::make_shared<policy::Decision>(*decided);
  if (facts.statements != 1 || !changes_rows(facts)) {
    if (decided->allowed() && facts.statements == 1 && facts.kind == "SET") return decided;
    return not_shown(std::move(out), "only one INSERT, UPDATE, DELETE or MERGE can be run for show",
                     "Run it without sluice.dry_run.");
  }
  if (decided->allowed()) {
    auto alone = std::make_shared<policy::ApprovalSpec>();
    alone->dry_run = true;
    out->effect = policy::Effect::kHold;
    out->holds = {std::move(alone)};
    return out;
  }
  const bool may = std::any_of(out->holds.begin(), out->holds.end(),
                               [](const auto& spec) { return spec->dry_run; });
  if (may) return out;
  return not_shown(std::move(out),
                   fmt::format("rule \"{}\" holds it, and lets it not be run for show either "
                               "(approve.dry_run)",
                               decided->rule),
                   "Run it without sluice.dry_run to ask for an approval.");
}

std::shared_ptr<const policy::Decision> shown(const policy::Decision& held,
                                              const policy::DryRun& run) {
  namespace json = boost::json;
  auto out = std::make_shared<policy::Decision>(held);
  if (!run.rows)
    return not_shown(std::move(out), fmt::format("it was not run for show: {}", run.why_not), "");
  // Of a change that may be made nobody is asked.
  const bool asks = !held.holds.empty() && !held.holds.front()->rule.empty();
  json::object facts{{"rows", *run.rows},
                     {"tables", json::array(run.tables.begin(), run.tables.end())},
                     {"decision", asks ? "hold" : "allow"}};
  const auto& most = held.limits.rows_changed;
  if (most) facts["most_rows"] = most->most;
  std::string next = asks ? "Run without sluice.dry_run it waits for an approval." : "";
  if (most && *run.rows > most->most)
    next = fmt::format("Rule \"{}\" lets it change {} rows at most.", most->rule, most->most);
  out = not_shown(std::move(out),
                  fmt::format("a dry run changed {} rows, and was taken back", *run.rows), next);
  out->sqlstate = kShown;
  out->detail = fmt::format("{}{}{}", fmt::join(run.tables, "\n"), run.tables.empty() ? "" : "\n",
                            json::serialize(json::object{{"rule", kRule},
                                                         {"reason", "dry run"},
                                                         {"facts", std::move(facts)},
                                                         {"next", out->hint}}));
  return out;
}

}  // namespace sluice::gateway
