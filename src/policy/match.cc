#include "policy/match.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/authentication_age.h"
#include "policy/match_classes.h"
#include "policy/match_objects.h"

namespace sluice::policy {
namespace {

/// Notes why something did not match.
template <typename... Args>
bool miss(Reasons reasons, fmt::format_string<Args...> text, Args&&... args) {
  if (reasons != nullptr) reasons->push_back(fmt::format(text, std::forward<Args>(args)...));
  return false;
}

template <typename... Args>
void note(Reasons reasons, fmt::format_string<Args...> text, Args&&... args) {
  if (reasons != nullptr) reasons->push_back(fmt::format(text, std::forward<Args>(args)...));
}

std::string list(const Words& words) { return fmt::format("{}", fmt::join(words.texts, ", ")); }

/// Of an end user the kind is that of the service, since it is the service that connects. Rules
/// that name them by anything else may mean people as well; not those that name kinds alone.
bool matches_kind(const Who& who, const Identity& whom, const Principal& principal) {
  const Words& kinds = *who.kinds;
  if (!whom.behind_service) return kinds.matches(name_of(whom.kind));
  if (kinds.matches(name_of(principal.through->kind))) return true;
  const bool named = who.users || who.groups || !who.attributes.empty();
  return named && kinds.matches(name_of(whom.kind));
}

bool matches_who(const Who& who, const Principal& principal, Reasons reasons) {
  // A rule for end users speaks of the service and whom it acts for, and so for both.
  const bool pair = who.end_users && principal.behind_service;
  const Identity& whom = pair ? *principal.through : principal;
  if (who.users && !who.users->matches(whom.user))
    return miss(reasons, "who: {} is not among users {}", whom.user, list(*who.users));
  if (who.groups && !who.groups->matches_some(whom.groups)) {
    return miss(reasons, "who: {} is in {}, the rule wants {}", whom.user,
                whom.groups.empty() ? "no group" : fmt::format("{}", fmt::join(whom.groups, ", ")),
                list(*who.groups));
  }
  if (who.end_users && (principal.end_user.empty() || !who.end_users->matches(principal.end_user)))
    return miss(reasons, "who: for whom {} acts ({}) is not among end users {}", principal.user,
                principal.end_user.empty() ? "itself" : principal.end_user, list(*who.end_users));
  if (who.kinds && !matches_kind(who, whom, principal)) {
    return miss(reasons, "who: {} is a {}, not among kinds {}", whom.user, name_of(whom.kind),
                list(*who.kinds));
  }
  for (const auto& [key, words] : who.attributes) {
    const auto found = whom.attributes.find(key);
    if (found == whom.attributes.end())
      return miss(reasons, "who: {} has no attribute {}", whom.user, key);
    if (!words.matches(found->second)) {
      return miss(reasons, "who: attribute {} of {} is {}, not among {}", key, whom.user,
                  found->second, list(words));
    }
  }
  return true;
}

/// The truth of a condition that wants `wanted` where the facts say `is`.
Truth flag(std::string_view name, bool wanted, bool is, Reasons reasons) {
  note(reasons, "when {}: {}{}", name, is, is == wanted ? "" : ", the rule wants the opposite");
  return truth(is == wanted);
}

Truth in_range(std::string_view name, const Range& range, std::optional<double> value,
               Reasons reasons) {
  if (!value) {
    note(reasons, "when {}: not known", name);
    return Truth::kMaybe;
  }
  const bool in = (!range.more_than || *value > *range.more_than) &&
                  (!range.at_most || *value <= *range.at_most);
  note(reasons, "when {}: {:.0f} is {}{}{}", name, *value, in ? "" : "not ",
       range.more_than ? fmt::format("more than {:.0f}", *range.more_than) : "",
       range.at_most
           ? fmt::format("{}at most {:.0f}", range.more_than ? " and " : "", *range.at_most)
           : "");
  return truth(in);
}

std::optional<double> table_rows(const Demand& demand, const catalog::Catalog* catalog) {
  if (catalog == nullptr || demand.object == nullptr) return std::nullopt;
  const catalog::Relation* relation = catalog->relation(demand.object->oid);
  if (relation == nullptr || relation->estimated_rows < 0) return std::nullopt;
  return relation->estimated_rows;
}

Truth matches_action(const Rule& rule, const Demand& demand, const Question& question,
                     Reasons reasons) {
  const When& when = rule.when;
  Truth result = Truth::kYes;
  const sql::Action* action = demand.action;
  // Dynamic SQL may be without WHERE, cascade and lock anything.
  const bool unknown = demand.verb == Verb::kDynamicSql;
  const auto check = [&](std::string_view name, const std::optional<bool>& wanted, bool is) {
    if (!wanted) return;
    result = both(result, unknown ? Truth::kMaybe : flag(name, *wanted, is, reasons));
  };
  check("without_where", when.without_where, action != nullptr && action->without_where);
  check("cascade", when.cascade, action != nullptr && action->cascade);
  if (when.lock) {
    const sql::LockLevel level = action == nullptr ? sql::LockLevel::kNone : action->lock;
    const bool is = level >= *when.lock;
    note(reasons, "when lock: {} is {}at least {}",
         level == sql::LockLevel::kNone ? "none" : lock_name(level), is ? "" : "not ",
         lock_name(*when.lock));
    result = both(result, unknown ? Truth::kMaybe : truth(is));
  }
  if (when.table_rows) {
    result = both(result, in_range("table_rows", *when.table_rows,
                                   table_rows(demand, question.catalog), reasons));
  }
  return result;
}

bool reads_rows(const Question& question) {
  return std::any_of(question.demands.begin(), question.demands.end(), [](const Demand& demand) {
    return demand.verb == Verb::kRead && demand.object != nullptr;
  });
}

/// Whether the statement uses some column of the classes.
Truth uses_classes(const ClassChoice& choice, const Question& question, Reasons reasons) {
  const auto [best, found] = strongest_of_classes(choice, question);
  const std::string wanted = fmt::format("{}", fmt::join(choice.texts, ", "));
  if (found == nullptr) {
    note(reasons, "when classes: no column of {}", wanted);
  } else {
    note(reasons, "when classes: {}, {} among {}", used_classes(choice, question),
         best == Truth::kYes ? "which is" : "which may be", wanted);
  }
  return best;
}

Truth words_condition(std::string_view name, const Words& words, std::string_view value,
                      Reasons reasons) {
  const bool is = words.matches(value);
  note(reasons, "when {}: \"{}\" is {}among {}", name, value, is ? "" : "not ", list(words));
  return truth(is);
}

/// By the worst of the names that it may have by the time each part of the text runs.
Truth matches_application(const Words& words, const Circumstances& now, Reasons reasons) {
  const Truth before = words_condition("application", words, now.application, reasons);
  if (now.later_applications.empty() && !now.any_application) return before;
  bool each = now.renamed || before == Truth::kYes;
  bool any = before == Truth::kYes || now.any_application;
  for (const std::string_view name : now.later_applications) {
    const bool is = words_condition("application", words, name, reasons) == Truth::kYes;
    each = each && is;
    any = any || is;
  }
  if (now.any_application) {
    each = false;
    note(reasons, "when application: the text sets it to what cannot be told");
  }
  return each ? Truth::kYes : any ? Truth::kMaybe : Truth::kNo;
}

Truth matches_client(const When& when, std::string_view client, Reasons reasons) {
  const auto address = parse_address(client);
  if (!address) {
    note(reasons, "when client: the address is not known");
    return Truth::kMaybe;
  }
  const bool in = std::any_of(when.client.begin(), when.client.end(),
                              [&](const Network& network) { return network.contains(*address); });
  note(reasons, "when client: {} is {}in the networks", client, in ? "" : "not ");
  return truth(in);
}

Truth matches_age(const When& when, const Circumstances& now, Reasons reasons) {
  const auto age = authentication_age(now);
  if (!age) {
    note(reasons, "when authentication: its age is not known");
    return Truth::kMaybe;
  }
  const bool is =
      (!when.max_age || *age <= *when.max_age) && (!when.older_than || *age > *when.older_than);
  note(reasons, "when authentication: {} s old, {}", *age / std::chrono::seconds(1),
       is ? "as the rule wants" : "not as the rule wants");
  return truth(is);
}

}  // namespace

bool matches_session(const Rule& rule, const Principal& principal, const Target& target,
                     Reasons reasons) {
  if (!matches_who(rule.who, principal, reasons)) return false;
  const On& on = rule.on;
  if (on.databases && !on.databases->matches(target.database)) {
    return miss(reasons, "on: database {} is not among {}", target.database, list(*on.databases));
  }
  if (on.environments && !on.environments->matches(target.environment)) {
    return miss(reasons, "on: environment {} is not among {}", target.environment,
                list(*on.environments));
  }
  return true;
}

Truth matches_statement(const Rule& rule, const Question& question, Reasons reasons) {
  const When& when = rule.when;
  if (!when.any()) return Truth::kYes;
  Truth result = Truth::kYes;
  const auto check = [&](std::string_view name, const std::optional<bool>& wanted, bool is) {
    if (wanted) result = both(result, flag(name, *wanted, is, reasons));
  };
  check("dynamic_sql", when.dynamic_sql, question.facts.dynamic_sql);
  check("cartesian", when.cartesian, question.facts.cartesian);
  check("no_limit", when.no_limit, !question.facts.has_limit && reads_rows(question));
  if (when.functions) {
    Truth best = Truth::kNo;
    for (const Demand& demand : question.demands) {
      if (demand.verb == Verb::kFunction || demand.verb == Verb::kCall)
        best = either(best, matches_function(*when.functions, demand, question.catalog));
    }
    note(reasons, "when functions: {} of {}", best == Truth::kNo ? "none" : "some",
         fmt::join(when.functions->texts, ", "));
    result = both(result, best);
  }
  if (when.classes) result = both(result, uses_classes(*when.classes, question, reasons));
  return both(result, matches_method(when, question.principal, reasons));
}

Truth matches_method(const When& when, const Principal& principal, Reasons reasons) {
  Truth result = Truth::kYes;
  const auto check = [&](std::string_view name, const std::optional<Words>& words,
                         std::string_view value) {
    if (words) result = both(result, words_condition(name, *words, value, reasons));
  };
  check("authentication method", when.methods, principal.authentication);
  check("authentication issuer", when.issuers, principal.issuer);
  check("authentication acr", when.acr, principal.acr);
  for (const auto& [name, words] : when.claims) {
    const auto found = principal.claims.find(name);
    const std::string_view value =
        found == principal.claims.end() ? "" : std::string_view(found->second);
    result = both(result, words_condition("authentication claim " + name, words, value, reasons));
  }
  if (when.mfa) {
    const auto& amr = principal.amr;
    const bool is = std::find(amr.begin(), amr.end(), "mfa") != amr.end();
    result = both(result, flag("authentication mfa", *when.mfa, is, reasons));
  }
  return result;
}

Truth matches_demand(const Rule& rule, const Demand& demand, const Question& question,
                     Reasons reasons) {
  // A rule is about harmless things, and allows risky ones, only by naming them.
  const bool risky =
      demand.needs_rule && (demand.verb == Verb::kDynamicSql || (demand.verb == Verb::kFunction));
  const bool allow = rule.effect == Effect::kAllow;
  bool wanted = (rule.verbs & bit(demand.verb)) != 0;
  if (allow && risky) {
    wanted = wanted && rule.names_verbs &&
             (demand.verb == Verb::kDynamicSql || rule.on.functions.has_value());
  }
  // Rules that keep something from tables hold for SQL that is not known, too.
  if (!allow && demand.verb == Verb::kDynamicSql && rule.on.names_relations() &&
      (rule.verbs & kOnRelations) != 0)
    wanted = true;
  if (!wanted) {
    miss(reasons, "do: the rule is not about {}{}", name_of(demand.verb),
         allow && risky ? " of this function: it must name it" : "");
    return Truth::kNo;
  }
  const Truth objects = matches_objects(rule, demand, question);
  if (objects == Truth::kNo || (allow && objects == Truth::kMaybe)) {
    const std::string held = rule.on.classes ? held_classes(demand, question) : "";
    miss(reasons, "on: {} {}{} is {}what the rule names", name_of(demand.verb),
         demand.object_text().empty() ? "of nothing" : demand.object_text(),
         held.empty() ? "" : " (" + held + ")",
         objects == Truth::kMaybe ? "not certainly " : "not ");
    return objects;
  }
  if (rule.on.classes) {
    note(reasons, "on classes: {} ({}) {} among {}", demand.object_text(),
         held_classes(demand, question), objects == Truth::kYes ? "is" : "may be",
         fmt::join(rule.on.classes->texts, ", "));
  }
  return both(objects, matches_action(rule, demand, question, reasons));
}

Truth matches_circumstances(const When& when, const Circumstances& now, Reasons reasons) {
  Truth result = Truth::kYes;
  if (when.estimated_rows) {
    result =
        both(result, in_range("estimated_rows", *when.estimated_rows, now.estimated_rows, reasons));
  }
  if (when.time) {
    const bool in = when.time->contains(now.now_micros);
    note(reasons, "when time: {} the window in {}", in ? "in" : "outside", when.time->zone_name);
    result = both(result, truth(in));
  }
  if (!when.client.empty())
    result = both(result, matches_client(when, now.client_address, reasons));
  if (when.application) result = both(result, matches_application(*when.application, now, reasons));
  if (when.purpose)
    result = both(result, words_condition("purpose", *when.purpose, now.purpose, reasons));
  if (when.in_transaction)
    result =
        both(result, flag("in_transaction", *when.in_transaction, now.in_transaction, reasons));
  if (when.run) result = both(result, flag("run", *when.run, now.run, reasons));
  if (when.prompt) result = both(result, flag("prompt", *when.prompt, now.prompt, reasons));
  if (when.tainted) result = both(result, flag("tainted", *when.tainted, now.tainted, reasons));
  if (when.max_age || when.older_than) result = both(result, matches_age(when, now, reasons));
  return result;
}

}  // namespace sluice::policy
