#include "policy/checks.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "policy/covers.h"
#include "policy/veil_checks.h"

namespace sluice::policy {
namespace {

/// Verbs that on.functions says something about.
constexpr Verbs kOnFunctions = bit(Verb::kFunction) | bit(Verb::kCall);

/// Whatever it names it also excludes.
bool impossible(const Words& words) {
  const auto excluded = [&](const Glob& wanted) {
    return std::any_of(words.none.begin(), words.none.end(),
                       [&](const Glob& glob) { return glob.covers(wanted); });
  };
  return words.any.empty() ? excluded(Glob::plain("*"))
                           : std::all_of(words.any.begin(), words.any.end(), excluded);
}

class Checker {
 public:
  Checker(const std::vector<Rule>& rules, yaml::Problems& problems)
      : rules_(rules), problems_(problems) {}

  void run() {
    for (const Rule& rule : rules_) {
      check_name(rule);
      check_texts(rule);
      check_actions(rule);
      check_conditions(rule);
      check_words(rule);
      if (const std::string idle = idle_veil(rule); !idle.empty()) add(rule, idle);
    }
    for (size_t i = 0; i < rules_.size(); ++i) check_overlap(i);
  }

 private:
  void add(const Rule& rule, const std::string& text) {
    YAML::Mark mark;
    mark.line = rule.line - 1;
    mark.column = rule.column - 1;
    problems_.add(mark, fmt::format("rule \"{}\": {}", rule.name, text));
  }

  void check_name(const Rule& rule) {
    const auto [it, first] = names_.emplace(rule.name, rule.line);
    if (!first) add(rule, fmt::format("the rule in line {} has the same name", it->second));
  }

  void check_texts(const Rule& rule) {
    if (rule.limit.any() && rule.effect != Effect::kAllow)
      add(rule, "limit belongs to rules that allow; this one refuses");
    if (rule.capture && rule.effect != Effect::kAllow)
      add(rule, "capture belongs to rules that allow; what others refuse returns nothing");
    if (rule.effect == Effect::kAllow && !(rule.message.empty() && rule.hint.empty()))
      add(rule, "message and hint are for refusals; a rule that allows never shows them");
  }

  void check_actions(const Rule& rule) {
    const On& on = rule.on;
    if (!rule.names_verbs) return;
    const bool relations = (rule.verbs & kOnRelations) != 0;
    const bool functions = (rule.verbs & kOnFunctions) != 0;
    const bool dynamic = (rule.verbs & bit(Verb::kDynamicSql)) != 0;
    if (on.names_relations() && !relations && !dynamic && !(functions && on.functions))
      add(rule, "can never apply: what it does is not done to tables or schemas");
    if (on.functions && !functions && !(dynamic || (on.names_relations() && relations)))
      add(rule, "can never apply: on.functions needs function or call in do");
    if (rule.effect == Effect::kAllow && rule.verbs == bit(Verb::kFunction) && !on.functions)
      add(rule, "can never apply: allow functions by naming them or their risk in on.functions");
  }

  void check_conditions(const Rule& rule) {
    const When& when = rule.when;
    const Verbs bounded = bit(Verb::kUpdate) | bit(Verb::kDelete);
    if (when.without_where == true && (rule.verbs & bounded) == 0)
      add(rule, "can never apply: without_where is about update and delete");
    if (when.max_age && when.max_age->count() == 0)
      add(rule, "can never apply: no authentication is of no age");
    if (when.max_age && when.older_than && *when.max_age <= *when.older_than)
      add(rule,
          "can never apply: no authentication is younger than the one and older than the other");
    const LimitSpec& limit = rule.limit;
    const Verbs changes = kWrite | kSchemaChange | bit(Verb::kTruncate) | kOnFunctions |
                          bit(Verb::kDynamicSql) | bit(Verb::kTemporary);
    if ((limit.rows_changed || limit.tables_changed) && (rule.verbs & changes) == 0)
      add(rule, "limits rows_changed or tables_changed, but allows nothing that changes any");
  }

  void check_words(const Rule& rule) {
    const auto check = [&](std::string_view key, const std::optional<Words>& words) {
      if (words && impossible(*words))
        add(rule, fmt::format("can never apply: {} excludes all that it names", key));
    };
    check("users", rule.who.users);
    check("groups", rule.who.groups);
    check("end_users", rule.who.end_users);
    check("kinds", rule.who.kinds);
    check("databases", rule.on.databases);
    check("environments", rule.on.environments);
    check("application", rule.when.application);
    check("purpose", rule.when.purpose);
  }

  void check_overlap(size_t index) {
    const Rule& rule = rules_[index];
    for (size_t other = 0; other < rules_.size(); ++other) {
      if (other == index || rules_[other].shadow != rule.shadow ||
          rules_[other].veils() != rule.veils())
        continue;
      const std::string text = rule.veils() ? veil_overlap(rules_[other], rule, other < index)
                                            : overlap(rules_[other], rule, other < index);
      if (text.empty()) continue;
      add(rule, text);
      return;
    }
  }

  /// What is wrong with `rule` because of `other`; "" if nothing.
  static std::string overlap(const Rule& other, const Rule& rule, bool earlier);

  const std::vector<Rule>& rules_;
  yaml::Problems& problems_;
  std::unordered_map<std::string, int> names_;
};

/// `wide` applies to everything that `narrow` applies to, as far as can be told. For functions and
/// dynamic SQL rules that allow must say so by name, so they are compared only if both do.
bool covers(const Rule& wide, const Rule& narrow) {
  if (wide.when.any() || (narrow.verbs & ~wide.verbs) != 0) return false;
  const bool allows = wide.effect == Effect::kAllow;
  const Verbs risky = bit(Verb::kFunction) | bit(Verb::kDynamicSql);
  if (allows && (narrow.verbs & risky) != 0 && narrow.names_verbs &&
      !(wide.names_verbs && (wide.on.functions || !narrow.on.functions)))
    return false;
  return covers(wide.who, narrow.who) && covers(wide.on, narrow.on);
}

std::string Checker::overlap(const Rule& other, const Rule& rule, bool earlier) {
  if (!covers(other, rule)) return "";
  const bool same = !rule.when.any() && covers(rule, other);
  const bool denied = other.effect == Effect::kDeny && rule.effect != Effect::kDeny;
  const bool held = other.effect == Effect::kHold && rule.effect == Effect::kAllow;
  if (denied || held) {
    const std::string_view does = denied ? "denies" : "holds";
    return same ? fmt::format("contradicts rule \"{}\" (line {}), which {} the same", other.name,
                              other.line, does)
                : fmt::format("never has an effect: rule \"{}\" (line {}) {} all of it", other.name,
                              other.line, does);
  }
  if (other.effect != rule.effect || rule.limit.any() || rule.capture || (same && !earlier))
    return "";
  // A narrower refusal that stands first says its own message.
  if (rule.effect != Effect::kAllow && !earlier) return "";
  return fmt::format("adds nothing: rule \"{}\" (line {}) {} all of it", other.name, other.line,
                     rule.effect == Effect::kAllow  ? "allows"
                     : rule.effect == Effect::kHold ? "holds"
                                                    : "denies");
}

}  // namespace

void check_rules(const std::vector<Rule>& rules, yaml::Problems& problems) {
  Checker(rules, problems).run();
}

}  // namespace sluice::policy
