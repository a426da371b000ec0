#include "policy/veil_reader.h"

#include <array>

#include <fmt/format.h>

#include "policy/class_choice.h"

namespace sluice::policy {
namespace {

using privacy::Method;
using yaml::Item;
using yaml::MapReader;

constexpr std::array kMethods = {Method::kRedact,     Method::kPartial, Method::kPseudonym,
                                 Method::kGeneralise, Method::kNull,    Method::kHash};

void read_classes(MapReader& map, VeilSpec& veil) {
  ClassWords choice;
  bool wrong = false;
  const auto add = [&](const Item& item) {
    veil.classes.push_back(item.text);
    auto problem = choice.add(item.text);
    wrong = wrong || !problem.empty();
    return problem;
  };
  if (!map.list("classes", add)) return;
  veil.chosen = choice.chosen();
  veil.outright = choice.named & ~choice.excluded;
  if (veil.chosen.none() && !wrong) map.problem("classes", "excludes every class that it names");
}

}  // namespace

void read_veil(MapReader& map, VeilSpec& veil) {
  read_classes(map, veil);
  std::vector<std::string> methods;
  for (const Method method : kMethods) methods.emplace_back(privacy::name(method));
  // YAML takes the word null for no value.
  if (map.has("with") && map.node("with").IsNull()) {
    veil.method = Method::kNull;
  } else {
    map.one_of("with", methods, [&](size_t i) { veil.method = kMethods.at(i); });
  }
  map.one_of("predicates", {"none", "equality", "any"},
             [&](size_t i) { veil.predicates = static_cast<Predicates>(i); });
  map.one_of("aggregates", {"hide", "show"}, [&](size_t i) { veil.aggregates = i == 1; });
}

void check_keys_of_effect(MapReader& map, const Rule& rule) {
  const auto refuse = [&](const char* key, const std::string& text) {
    if (map.has(key)) map.problem(key, text);
  };
  if (!rule.veils()) {
    for (const char* key : {"classes", "with", "predicates", "aggregates"})
      refuse(key, "belongs to rules that mask or unmask");
    return;
  }
  for (const char* key : {"do", "limit", "capture", "approve", "message", "hint"}) {
    refuse(key, fmt::format("belongs to rules that allow, hold or deny; this one is about how "
                            "values are shown ({})",
                            name_of(rule.effect)));
  }
  if (rule.on.functions) map.problem("on", "values come from columns; functions say nothing here");
  if (rule.name == "default")
    map.problem("name", "\"default\" is kept for values that no rule masks or shows");
  if (rule.effect == Effect::kMask) return;
  for (const char* key : {"with", "predicates", "aggregates"})
    refuse(key, "belongs to rules that mask; this one shows");
}

void check_when_of_veil(MapReader& map) {
  for (const char* key :
       {"without_where", "cascade", "lock", "table_rows", "dynamic_sql", "cartesian", "no_limit",
        "functions", "classes", "estimated_rows", "run", "prompt", "tainted"}) {
    if (map.has(key)) {
      map.problem(key,
                  "is about a statement; how values are shown depends on the session and the "
                  "moment only");
    }
  }
}

}  // namespace sluice::policy
