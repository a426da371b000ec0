#include "policy/refusal.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/conditions.h"

namespace sluice::policy {
namespace {

/// How many actions a refusal lists.
constexpr size_t kMostActions = 8;

std::string_view doing(Verb verb) {
  switch (verb) {
    case Verb::kRead:
      return "reading";
    case Verb::kInsert:
      return "inserting into";
    case Verb::kUpdate:
      return "updating";
    case Verb::kDelete:
      return "deleting from";
    case Verb::kMerge:
      return "merging into";
    case Verb::kTruncate:
      return "truncating";
    case Verb::kCopyIn:
      return "copying into";
    case Verb::kCopyOut:
      return "copying out of";
    case Verb::kCreate:
      return "creating";
    case Verb::kAlter:
      return "altering";
    case Verb::kDrop:
      return "dropping";
    case Verb::kPrivileges:
      return "changing privileges";
    case Verb::kRoleChange:
      return "changing the role";
    case Verb::kCall:
      return "calling a procedure or code block";
    case Verb::kFunction:
      return "calling";
    case Verb::kDynamicSql:
      return "running SQL that is not known beforehand";
    case Verb::kMaintenance:
      return "maintenance";
    case Verb::kLock:
      return "locking";
    case Verb::kNotify:
      return "LISTEN or NOTIFY";
    case Verb::kTemporary:
      return "using the temporary table";
    case Verb::kReadCatalog:
      return "reading the system catalog";
    case Verb::kSessionSetting:
      return "changing a setting";
    case Verb::kTransaction:
      return "controlling a transaction";
    case Verb::kPrepare:
      return "PREPARE, EXECUTE or DEALLOCATE";
    case Verb::kCursor:
      return "using a cursor";
    case Verb::kShow:
      return "SHOW or EXPLAIN";
    case Verb::kOther:
      return "this statement";
  }
  return "this statement";
}

std::string phrase(const Note& note) {
  std::string text(doing(note.verb));
  const bool ddl = (bit(note.verb) & kSchemaChange) != 0;
  if (ddl && !note.object_kind.empty()) text += " " + note.object_kind;
  if (!note.object.empty()) text += fmt::format(" \"{}\"", note.object);
  if (note.verb == Verb::kFunction && note.object.empty())
    text += fmt::format(
        " a {}", note.risk == sql::FunctionRisk::kUnknown ? "function" : risk_name(note.risk));
  return text;
}

/// What about a note a rule may have minded.
std::string remark(const Note& note) {
  if (note.without_where) return "it has no limiting WHERE clause";
  if (note.verb == Verb::kFunction && note.risk == sql::FunctionRisk::kUnknown)
    return "what it does cannot be known";
  if (note.verb == Verb::kFunction && note.risk != sql::FunctionRisk::kNone)
    return fmt::format("its risk is \"{}\"", risk_name(note.risk));
  return "";
}

std::string action_json(const Note& note) {
  std::string text = fmt::format("{{\"do\":{}", json_quoted(name_of(note.verb)));
  if (!note.object.empty()) text += fmt::format(",\"object\":{}", json_quoted(note.object));
  if (!note.object_kind.empty()) text += fmt::format(",\"kind\":{}", json_quoted(note.object_kind));
  if (!note.classes.empty()) text += fmt::format(",\"holds\":{}", json_quoted(note.classes));
  if (note.without_where) text += ",\"without_where\":true";
  if (note.cascade) text += ",\"cascade\":true";
  if (note.lock != sql::LockLevel::kNone)
    text += fmt::format(",\"lock\":\"{}\"", lock_name(note.lock));
  if (note.risk != sql::FunctionRisk::kNone)
    text += fmt::format(",\"risk\":\"{}\"", risk_name(note.risk));
  return text + "}";
}

std::string facts_json(const Case& the_case, const std::vector<size_t>& notes,
                       const std::string& moment) {
  std::string actions;
  for (size_t i = 0; i < std::min(notes.size(), kMostActions); ++i)
    actions += (i == 0 ? "" : ",") + action_json(the_case.notes[notes[i]]);
  return fmt::format(
      R"({{"user":{},{}"kind":"{}","database":{},"environment":{},"statement":{},"actions":[{}]{}}})",
      json_quoted(the_case.user),
      the_case.through.empty() ? ""
                               : fmt::format("\"acted_by\":{},", json_quoted(the_case.through)),
      name_of(the_case.kind), json_quoted(the_case.target.database),
      json_quoted(the_case.target.environment), json_quoted(the_case.statement), actions,
      moment.empty() ? "" : ",\"when\":{" + moment + "}");
}

struct Refusal {
  Effect effect = Effect::kDeny;
  std::string rule;
  std::string message;
  std::string reason;
  std::string hint;
  std::string place;  ///< "line 12 of policy standard"
  Conditions moment;  ///< of rules with conditions on it, what they were held against
};

Decision write(const Case& the_case, Refusal refusal, const std::vector<size_t>& notes) {
  Decision decision;
  decision.effect = refusal.effect;
  decision.sqlstate = "42501";
  decision.message = std::move(refusal.message);
  std::string detail = fmt::format("{}{}; {} \"{}\" in database \"{}\" ({}).", refusal.rule,
                                   refusal.place, name_of(the_case.kind), the_case.user,
                                   the_case.target.database, the_case.target.environment);
  for (size_t i = 0; i < std::min(notes.size(), kMostActions); ++i) {
    const Note& note = the_case.notes[notes[i]];
    const std::string why = remark(note);
    detail += fmt::format("\n{}{}{}", phrase(note), why.empty() ? "" : ": ", why);
  }
  if (notes.size() > kMostActions)
    detail += fmt::format("\nand {} more", notes.size() - kMostActions);
  for (const std::string& text : refusal.moment.texts) detail += "\n" + text;
  detail += "\n" + refusal_json(refusal.rule, name_of(refusal.effect), the_case.policy_version,
                                refusal.reason, facts_json(the_case, notes, refusal.moment.json),
                                refusal.hint);
  decision.rule = std::move(refusal.rule);
  decision.detail = std::move(detail);
  decision.hint = std::move(refusal.hint);
  return decision;
}

std::string ask(const Case& the_case) {
  return fmt::format(
      "Ask whoever keeps the policy; sluice policy explain --user {} --database {} shows each "
      "rule.",
      the_case.user, the_case.target.database);
}

}  // namespace

namespace {

std::string reason_of(const Candidate& candidate, const Note& note) {
  if (!candidate.uses.empty()) return candidate.uses;
  if (candidate.rule->on.classes && !note.classes.empty())
    return fmt::format("it holds {}", note.classes);
  return remark(note);
}

}  // namespace

Decision refuse_by_rule(const Case& the_case, const Candidate& candidate,
                        const Circumstances* now) {
  const Rule& rule = *candidate.rule;
  const Note& note = the_case.notes[candidate.notes.front()];
  const bool hold = rule.effect == Effect::kHold;
  Refusal refusal;
  refusal.effect = rule.effect;
  refusal.rule = rule.name;
  refusal.reason = rule.message.empty() ? reason_of(candidate, note) : rule.message;
  const std::string whom = the_case.through.empty() ? "" : " for " + the_case.user;
  refusal.message = fmt::format("{} {}{} by rule \"{}\"{}{}", phrase(note),
                                hold ? "is held for approval" : "is denied", whom, rule.name,
                                refusal.reason.empty() ? "" : ": ", refusal.reason);
  if (refusal.reason.empty()) refusal.reason = refusal.message;
  refusal.hint =
      !rule.hint.empty() ? rule.hint
      : hold ? (rule.approve ? "Those whom its rule names can approve it: sluice approval list "
                               "shows what waits."
                             : "Its rule names nobody who may approve it (approve: {by: "
                               "[dba]}): ask an operator to make the change.")
             : ask(the_case);
  refusal.place = fmt::format(" ({}), line {} of policy {}", name_of(rule.effect), rule.line,
                              the_case.policy_name);
  if (now != nullptr) refusal.moment = conditions_of(rule.when, *now);
  return write(the_case, std::move(refusal), candidate.notes);
}

namespace {

/// Why rules that would allow this do not at the moment.
Conditions missed(const Case& the_case, size_t note, const Circumstances& now) {
  constexpr size_t kMostRules = 3;
  Conditions out;
  size_t told = 0;
  for (const Candidate& candidate : the_case.candidates) {
    const Rule& rule = *candidate.rule;
    const auto& notes = candidate.notes;
    if (rule.effect != Effect::kAllow || rule.shadow || !rule.when.on_circumstances() ||
        told >= kMostRules || std::find(notes.begin(), notes.end(), note) == notes.end())
      continue;
    ++told;
    const Conditions found = conditions_of(rule.when, now);
    for (const std::string& text : found.texts)
      out.texts.push_back(fmt::format("rule \"{}\" would allow it: {}", rule.name, text));
    out.json +=
        fmt::format("{}{}:{{{}}}", out.json.empty() ? "" : ",", json_quoted(rule.name), found.json);
  }
  return out;
}

}  // namespace

Decision refuse_by_default(const Case& the_case, size_t note, const Circumstances* now) {
  Refusal refusal;
  refusal.rule = "default-deny";
  const Note& what = the_case.notes[note];
  const std::string why = remark(what);
  const std::string through =
      the_case.through.empty() ? "" : fmt::format(", for whom \"{}\" acts,", the_case.through);
  refusal.reason = fmt::format(
      "no rule lets {} \"{}\"{} do this in {} (\"{}\"){}{}", name_of(the_case.kind), the_case.user,
      through, the_case.target.environment, the_case.target.database, why.empty() ? "" : "; ", why);
  refusal.message = fmt::format("{} is not allowed: {}", phrase(what), refusal.reason);
  refusal.hint = ask(the_case);
  refusal.place = fmt::format(" of policy {}", the_case.policy_name);
  if (now != nullptr) refusal.moment = missed(the_case, note, *now);
  return write(the_case, std::move(refusal), {note});
}

Decision refuse_unanalysable(const Case& the_case, const sql::StatementFacts& facts) {
  const bool syntax = facts.unanalysable_sqlstate == "42601";
  Refusal refusal;
  refusal.rule = "unparsed-statement";
  refusal.reason = facts.unanalysable;
  refusal.message = syntax ? facts.unanalysable : "statement refused: " + facts.unanalysable;
  refusal.hint =
      syntax ? "The gateway understands the SQL of PostgreSQL 15; correct the statement or rewrite "
               "it."
             : "Only statements that the gateway understands are let through: make it shorter or "
               "simpler.";
  Decision decision = write(the_case, std::move(refusal), {});
  decision.sqlstate =
      facts.unanalysable_sqlstate.empty() ? "42501" : std::string(facts.unanalysable_sqlstate);
  decision.position = facts.error_position;
  decision.policy_version = the_case.policy_version;
  return decision;
}

}  // namespace sluice::policy
