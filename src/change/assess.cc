#include "change/assess.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "approval/brief.h"
#include "change/attestation.h"
#include "gateway/big_stack_thread.h"
#include "gateway/human_presence.h"
#include "gateway/identified.h"
#include "outside/tickets.h"
#include "policy/automatic.h"
#include "policy/exposure.h"
#include "policy/policy.h"
#include "sql/analyse.h"

namespace sluice::change {
namespace json = boost::json;

namespace {

/// Why no change may contain it, whatever the policy says; empty: it may.
std::string_view never_a_step(const sql::StatementFacts& facts) {
  if (!facts.transaction.empty())
    return "the gateway begins and ends the transactions of a change: leave that out";
  if (!facts.prepared.empty())
    return "PREPARE and EXECUTE are no steps: write the statement itself";
  if (!facts.cursors.empty()) return "nobody would read from a cursor";
  for (const sql::Action& action : facts.actions) {
    if (action.kind == sql::ActionKind::kCopyIn) return "COPY FROM has no data here: use INSERT";
    if (action.kind == sql::ActionKind::kCopyOut) return "nobody would take the data of COPY TO";
  }
  return {};
}

/// Whether what later steps name may be something else behind it.
bool may_shift_names(const sql::StatementFacts& facts) {
  return facts.schema_change || facts.temporary_change || facts.dynamic_sql ||
         facts.may_change_settings;
}

/// Whether later steps may name things that it makes.
bool may_make_things(const sql::StatementFacts& facts) {
  return may_shift_names(facts) || !facts.functions.empty();
}

/// What one step does to the schema; what lint says of it is up to the caller.
approval::SchemaChange understand_change(std::string_view text, const sql::Scope& scope) {
  approval::SchemaChange out;
  {
    const gateway::BigStackThread thread(sql::kAnalyserStackBytes, "change",
                                         [&] { out = approval::SchemaChange::of(text, scope); });
  }
  return out;
}

bool wants_dry_run(const policy::Decision& decision) {
  return std::any_of(decision.holds.begin(), decision.holds.end(),
                     [](const auto& spec) { return spec->dry_run; });
}

/// What is shown of one step.
json::value brief_of(const policy::Decision& decision, const policy::Understood& understood,
                     std::string_view step, const approval::SchemaChange& change,
                     const gateway::Foreseen& foreseen) {
  std::string text;
  {
    approval::Known known{step};
    known.estimated_rows = foreseen.estimated_rows;
    known.dry_run = foreseen.dry_run;
    const gateway::BigStackThread thread(sql::kAnalyserStackBytes, "change", [&] {
      text =
          approval::brief_of(decision, *understood.facts, understood.catalog.get(), known, change);
    });
  }
  json::error_code error;
  auto facts = json::parse(text, error);
  return error ? json::value(nullptr) : std::move(facts);
}

/// One script on one target, step by step.
class Judge {
 public:
  Judge(gateway::Gateway& gateway, const Change& change, std::string_view peer,
        const Vouching& vouching, Assessment& out)
      : gateway_(gateway),
        change_(change),
        policy_(gateway.policy()),
        peer_(peer),
        vouching_(vouching),
        out_(out) {}

  /// `principal`: who asks, as they are there. `schema`: its fingerprint, as the server says it.
  Result<> target(const std::string& database, policy::Principal principal, std::string schema,
                  bool rollback_only) {
    principal_ = std::move(principal);
    schema_ = std::move(schema);
    SLUICE_ASSIGN(target_, gateway_.target(database));
    if (!rollback_only) SLUICE_TRY(part(Part::kScript));
    return part(Part::kRollback);
  }

  json::array take_steps() { return std::move(brief_); }
  size_t held() const { return held_; }

 private:
  /// What the steps before one may have done.
  struct Before {
    bool made = false;     ///< things that it names
    bool shifted = false;  ///< what its names are, or what else runs with it
  };

  /// One step, as far as it is known.
  struct Judged {
    policy::Understood understood;
    Before before = {};
    bool later = false;  ///< for certain it is judged when it runs
    policy::Circumstances now = {};
    std::shared_ptr<const policy::Decision> decision = nullptr;
    gateway::Foreseen foreseen = {};

    bool held() const { return decision->effect == policy::Effect::kHold; }
  };

  Result<> part(Part which) {
    const auto& steps = out_.plan.steps(which);
    std::vector<Judged> judged;
    bool together = true;
    for (size_t i = 0; i < steps.size(); ++i) {
      SLUICE_ASSIGN(auto one, gateway_.understand(target_.database, steps[i].text));
      if (const auto why = never_a_step(*one.facts); !why.empty())
        return refuse(which, i, std::string(why));
      together = together && !one.facts->outside_transaction;
      judged.push_back({std::move(one)});
    }
    if (steps.empty()) return {};
    (which == Part::kScript ? out_.plan.script_in_transaction : out_.plan.rollback_in_transaction) =
        together;
    const auto& catalog = judged.front().understood.catalog;
    out_.outdated = out_.outdated || catalog->fingerprint() != schema_;
    const sql::Scope scope{catalog, {"pg_catalog", "public"}};
    const auto lint =
        lint_script(which == Part::kScript ? change_.script : change_.rollback, scope, together);
    SLUICE_TRY(decide(which, judged));
    foresee(which, judged, together);
    for (size_t i = 0; i < steps.size(); ++i) {
      auto change = understand_change(steps[i].text, scope);
      // Of the whole script: what a step does may depend on those before it.
      change.lint.clear();
      std::copy_if(lint.begin(), lint.end(), std::back_inserter(change.lint),
                   [&](const auto& finding) { return finding.statement == i + 1; });
      step(which, i, judged[i], change);
    }
    return {};
  }

  /// What the policy says of each step; an error if it refuses one.
  Result<> decide(Part which, std::vector<Judged>& judged) {
    // The rollback names what the script makes.
    Before before{.made = which == Part::kRollback};
    for (size_t i = 0; i < judged.size(); ++i) {
      Judged& one = judged[i];
      const sql::StatementFacts& facts = *one.understood.facts;
      one.before = before;
      one.now.now_micros = wall_micros();
      // As the gateway itself will come.
      one.now.client_address = "127.0.0.1";
      one.now.authenticated_micros = principal_.authenticated_micros;
      one.now.in_transaction = out_.plan.in_transaction(which);
      one.decision = policy::judge(policy_, facts, one.understood.catalog.get(), principal_,
                                   target_, one.understood.labels.get())
                         ->decide(one.now);
      one.later = facts.unresolved && before.made;
      if (facts.unresolved && !before.made)
        return refuse(which, i, "it names something that the database does not have");
      if (one.held() && one.decision->holds.empty()) return refuse(which, i, one.decision->message);
      if (!one.held() && !one.decision->allowed() && !one.later) {
        return refuse(which, i,
                      fmt::format("{} (rule \"{}\")", one.decision->message, one.decision->rule));
      }
      before.made = before.made || may_make_things(facts);
      before.shifted = before.shifted || may_shift_names(facts);
    }
    return {};
  }

  /// How many rows the steps are about. A rollback is of what the script will have left.
  void foresee(Part which, std::vector<Judged>& judged, bool together) {
    if (which == Part::kRollback) return;
    gateway::WantedScript script{
        .together = together,
        .exposure = policy::exposure(policy_, principal_, target_, judged.front().now)};
    for (size_t i = 0; i < judged.size(); ++i) {
      const Judged& one = judged[i];
      script.steps.push_back({.text = out_.plan.script[i].text,
                              .understood = &one.understood,
                              .estimated = !one.before.made && !one.before.shifted,
                              .held = one.held(),
                              .tried_out = one.held() && wants_dry_run(*one.decision)});
    }
    auto foreseen = gateway_.foresee(target_.database, script);
    for (size_t i = 0; i < judged.size(); ++i) {
      if (foreseen)
        judged[i].foreseen = std::move((*foreseen)[i]);
      else if (script.steps[i].tried_out)
        judged[i].foreseen.dry_run = policy::DryRun{.why_not = foreseen.error().text};
    }
  }

  void step(Part which, size_t i, const Judged& judged, const approval::SchemaChange& change) {
    if (judged.held()) {
      ++held_;
      ask_for(judged, change, which, i);
    }
    // Nobody knows yet what it does: held or not, it is nothing to let through unseen. A rule that
    // holds another step may hold this one by then, with conditions that nobody asks about.
    if (judged.later || judged.before.shifted) {
      out_.automatic = false;
      out_.evidence.push_back(
          place_of(which, i) +
          (judged.later ? ": judged when it runs"
                        : ": judged when it runs: an earlier step may change what it names"));
    }
    tell(which, i, judged, change);
  }

  /// The state of the change's ticket, once for each system.
  void ask_ticket(const std::string& name) {
    auto& known = out_.proofs.tickets;
    if (known.contains(name)) return;
    const auto& systems = vouching_.tickets;
    const auto found = std::find_if(systems.begin(), systems.end(),
                                    [&](const auto& system) { return system.name == name; });
    known[name] =
        found == systems.end()
            ? policy::TicketState{change_.ticket, "", "no ticket system of this name is configured"}
            : outside::ask_ticket(*found, change_.ticket);
  }

  /// Adds what the rules that hold a step ask for.
  void ask_for(const Judged& judged, const approval::SchemaChange& change, Part which, size_t i) {
    const auto objections = change.objections();
    policy::Circumstances now = judged.now;
    now.client_address = peer_;
    for (const auto& spec : judged.decision->holds) {
      const approval::Need need{spec->rule, spec->stages};
      if (!approval::not_among({need}, out_.needs).empty()) out_.needs.push_back(need);
      if (spec->max_rows)
        out_.max_rows = std::min(out_.max_rows.value_or(*spec->max_rows), *spec->max_rows);
      out_.valid = std::min(out_.valid, spec->valid);
      if (spec->proofs.ticket) ask_ticket(spec->proofs.ticket->system);
      policy::Proofs proofs = out_.proofs;
      proofs.dry_run = judged.foreseen.dry_run;
      const auto automatic = policy::decide_automatically(
          *spec, *judged.understood.facts, judged.understood.catalog.get(), principal_, target_,
          now, objections, proofs);
      out_.automatic = out_.automatic && automatic.approved;
      const std::string place = place_of(which, i);
      for (const auto& line : automatic.evidence) out_.evidence.push_back(place + ": " + line);
    }
  }

  void tell(Part which, size_t i, const Judged& judged, const approval::SchemaChange& change) {
    const Step& step = out_.plan.steps(which)[i];
    json::array rules;
    for (const auto& spec : judged.decision->holds) rules.emplace_back(spec->rule);
    json::object row{{"part", name_of(which)},
                     {"database", target_.database},
                     {"step", i + 1},
                     {"line", step.line},
                     {"statement", json::string(to_printable_utf8(utf8_prefix(step.text, 200)))},
                     {"rules", std::move(rules)},
                     {"facts", brief_of(*judged.decision, judged.understood, step.text, change,
                                        judged.foreseen)}};
    if (judged.later) row["judged"] = "when it runs: it names what only an earlier step makes";
    brief_.push_back(std::move(row));
  }

  std::string place_of(Part which, size_t i) const {
    return fmt::format("{}step {} (line {}) on {}", which == Part::kRollback ? "rollback " : "",
                       i + 1, out_.plan.steps(which)[i].line, target_.database);
  }

  Result<> refuse(Part which, size_t i, const std::string& why) const {
    return fail(ErrorCode::kDenied, place_of(which, i) + ": " + why);
  }

  gateway::Gateway& gateway_;
  const Change& change_;
  std::shared_ptr<const policy::Policy> policy_;
  std::string_view peer_;
  const Vouching& vouching_;
  Assessment& out_;
  policy::Principal principal_;
  policy::Target target_;
  std::string schema_;
  json::array brief_;
  size_t held_ = 0;
};

/// The requester, as the sessions of the run will have them on each target: grants are for one.
Result<std::vector<policy::Principal>> principals_for(gateway::Gateway& gateway,
                                                      const Change& change, const Who& who) {
  const auto directory = gateway.directory();
  const identity::User* user = directory->find(who.user);
  const identity::Credential* credential = directory->credential(who.credential);
  if (user == nullptr || credential == nullptr) return fail(ErrorCode::kDenied, "who asks is gone");
  for (const auto& database : change.targets) {
    if (const auto why =
            gateway::not_welcome(*directory, *user, credential, database, wall_micros()))
      return fail(ErrorCode::kDenied, database + ": " + why->why);
  }
  if (credential->actors != change.actors)
    return fail(ErrorCode::kDenied, "the change was submitted for somebody else");
  const int64_t now = wall_micros();
  std::vector<policy::Principal> out;
  for (const auto& database : change.targets)
    out.push_back(gateway::principal_of(*directory, *user, credential, {}, now, {database, now}));
  return out;
}

std::string brief_text(const Change& change, const Assessment& out, json::array steps,
                       size_t held) {
  const auto text = [](std::string_view raw) { return json::string(to_printable_utf8(raw)); };
  json::array targets;
  for (const auto& target : change.targets) targets.emplace_back(target);
  const json::object about{{"title", text(change.title)},
                           {"reason", text(change.reason)},
                           {"ticket", text(change.ticket)},
                           {"targets", std::move(targets)},
                           {"lock_timeout", text_of(change.lock_timeout)},
                           {"statement_timeout", text_of(change.statement_timeout)},
                           {"one_transaction", out.plan.script_in_transaction},
                           {"rollback", !change.rollback.empty()}};
  return json::serialize(
      json::object{{"why", fmt::format("rules hold {} of {} steps", held, steps.size())},
                   {"kind", "change"},
                   {"actions", json::array()},
                   {"tables", json::array()},
                   {"lint", json::array()},
                   {"change", about},
                   {"steps", std::move(steps)}});
}

}  // namespace

Result<Assessment> assess(gateway::Gateway& gateway, const Change& change, const Who& who,
                          const Vouching& vouching, bool rollback_only) {
  SLUICE_ASSIGN(const auto principals, principals_for(gateway, change, who));
  const policy::Principal& principal = principals.at(0);
  Assessment out;
  SLUICE_ASSIGN(out.plan.script, read_script(change.script));
  if (!change.rollback.empty()) {
    auto rollback = read_script(change.rollback);
    if (!rollback) return fail(std::move(rollback.error()).within("the rollback script"));
    out.plan.rollback = std::move(*rollback);
  }
  out.automatic = true;
  out.policy = gateway.policy()->version();
  out.kind = policy::name_of(principal.kind);
  out.login = approval::Login::of(principal);
  out.login.client = who.peer;
  out.persons = principal.actors;
  const auto person = principal.attributes.find("person");
  out.persons.push_back(person == principal.attributes.end() ? principal.user : person->second);
  gateway::find_human(principal, *gateway.directory(), wall_micros(), out.proofs);
  read_attestation(change.attestation, change.script, change.rollback, vouching.attesters,
                   wall_micros(), out.proofs);
  Judge judge(gateway, change, who.peer, vouching, out);
  std::vector<std::string> environments;
  for (size_t i = 0; i < change.targets.size(); ++i) {
    const std::string& database = change.targets[i];
    // Before it is judged: what changes meanwhile is then a difference.
    SLUICE_ASSIGN(const auto state, gateway.fresh_state(database));
    out.session +=
        fmt::format("{}{}: {}", out.session.empty() ? "" : "\n", database, state.session);
    out.schema += fmt::format("{}{}={}", out.schema.empty() ? "" : " ", database, state.schema);
    SLUICE_ASSIGN(const auto target, gateway.target(database));
    environments.push_back(target.environment);
    SLUICE_TRY(judge.target(database, principals[i], state.schema, rollback_only));
  }
  out.environments = fmt::format("{}", fmt::join(environments, ", "));
  out.automatic = out.automatic && !out.needs.empty();
  out.brief = brief_text(change, out, judge.take_steps(), judge.held());
  return out;
}

}  // namespace sluice::change
