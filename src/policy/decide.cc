#include "policy/decide.h"

#include <fmt/format.h>

namespace sluice::policy {
namespace {

constexpr std::string_view kProduction = "production";

Decision refuse(std::string rule, const Target& target, std::string message, std::string hint) {
  Decision decision;
  decision.detail = fmt::format("Rule \"{}\" of environment \"{}\" (database \"{}\").", rule,
                                target.environment, target.database);
  decision.rule = std::move(rule);
  decision.sqlstate = "42501";
  decision.message = std::move(message);
  decision.hint = std::move(hint);
  return decision;
}

Decision refuse_unanalysable(const sql::StatementFacts& facts, const Target& target) {
  const bool syntax = facts.unanalysable_sqlstate == "42601";
  Decision decision = refuse(
      "unparsed-statement", target,
      syntax ? facts.unanalysable : "statement refused: " + facts.unanalysable,
      syntax
          ? "The gateway understands the SQL of PostgreSQL 15; correct the statement or rewrite it."
          : "Only statements that the gateway understands are let through: make it shorter or "
            "simpler.");
  decision.sqlstate = facts.unanalysable_sqlstate;
  decision.position = facts.error_position;
  return decision;
}

std::string named(const sql::Action& action) {
  if (action.targets.empty()) return "";
  std::string text = fmt::format(" \"{}\"", action.targets[0].display());
  if (action.targets.size() > 1) text += fmt::format(" and {} more", action.targets.size() - 1);
  return text;
}

}  // namespace

Decision decide(const sql::StatementFacts& facts, const Target& target) {
  if (!facts.unanalysable.empty()) return refuse_unanalysable(facts, target);
  if (target.environment == kProduction) {
    for (const sql::Action& action : facts.actions) {
      if (action.without_where) {
        const bool update = action.kind == sql::ActionKind::kUpdate;
        return refuse(
            "no-unbounded-writes", target,
            fmt::format("{}{} without a limiting WHERE clause is not allowed in production",
                        update ? "UPDATE" : "DELETE FROM", named(action)),
            "Add a WHERE clause that names the rows to change.");
      }
      if (action.kind == sql::ActionKind::kTruncate) {
        return refuse("no-truncate", target,
                      fmt::format("TRUNCATE{} is not allowed in production", named(action)),
                      "Delete the rows you mean with DELETE … WHERE.");
      }
      if (action.kind == sql::ActionKind::kDrop) {
        return refuse("no-drop", target,
                      fmt::format("dropping a {}{} is not allowed in production",
                                  action.object_kind, named(action)),
                      "Ask an operator to make the schema change, or try it outside production.");
      }
    }
    if (facts.dynamic_sql) {
      return refuse("no-dynamic-sql", target,
                    "a code block whose SQL is not known beforehand is not allowed in production",
                    "Write the statements out instead of running them with EXECUTE.");
    }
  }
  Decision decision;
  decision.allowed = true;
  decision.rule = "default-allow";
  return decision;
}

}  // namespace sluice::policy
