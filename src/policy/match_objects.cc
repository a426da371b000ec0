#include "policy/match_objects.h"

#include <algorithm>
#include <array>

#include "policy/match_classes.h"

namespace sluice::policy {
namespace {

/// Kinds of objects that belong to no schema and hold no relations.
constexpr std::array<std::string_view, 14> kOutsideSchemas = {
    "role",          "tablespace",     "event trigger", "language",      "foreign data wrapper",
    "server",        "foreign server", "user mapping",  "publication",   "subscription",
    "access method", "cast",           "transform",     "security label"};

/// Relations of the catalog that show values out of any table's columns.
constexpr std::array<std::string_view, 5> kStatistics = {
    "pg_statistic", "pg_statistic_ext_data", "pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"};

/// What is known of an object's name.
struct Name {
  std::string_view schema;
  std::string_view name;
  bool schema_known = true;
  bool name_known = true;
  /// What it stands for is not certain, so that no pattern but "*" allows it.
  bool uncertain = false;
};

Truth part(const Glob& glob, std::string_view text, bool known) {
  if (glob.all()) return Truth::kYes;
  return known ? truth(glob.matches(text)) : Truth::kMaybe;
}

Name name_of(const Demand& demand, const Question& question) {
  const sql::Object& object = *demand.object;
  Name name{object.schema, object.name};
  if (object.temporary) {
    name.schema = "pg_temp";
    return name;
  }
  if (demand.action != nullptr && demand.action->object_kind == "schema") {
    // What is done to a schema may be done to whatever is in it.
    name.schema = object.name;
    name.name_known = false;
    return name;
  }
  // Dropping a column is done to its table.
  if (demand.action != nullptr && demand.action->object_kind == "column")
    name.name = name.name.substr(0, name.name.rfind('.'));
  name.schema_known = !object.schema.empty();
  // With facts().unresolved unset, a name without identifier is one that this text creates.
  const bool created = demand.verb == Verb::kCreate && name.schema_known;
  name.uncertain = question.catalog != nullptr && object.oid == 0 && !created &&
                   (question.facts.unresolved || !name.schema_known);
  return name;
}

Truth capped(Truth match, const Name& name, bool all) {
  return name.uncertain && !all && match == Truth::kYes ? Truth::kMaybe : match;
}

Truth matches_column(const Glob& glob, const Demand& demand, bool allow) {
  if (glob.all()) return Truth::kYes;
  switch (demand.part) {
    case ColumnPart::kOne:
      return truth(glob.matches(demand.column));
    case ColumnPart::kNone:
      // As in PostgreSQL, the right to any column is enough where none is looked at.
      return truth(allow);
    case ColumnPart::kWhole:
      return Truth::kMaybe;
  }
  return Truth::kMaybe;
}

Truth matches_names(const On& on, const Demand& demand, const Name& name, bool allow) {
  Truth result = Truth::kYes;
  const auto any = [&](const std::vector<NamePattern>& patterns, auto match) {
    if (patterns.empty()) return;
    Truth best = Truth::kNo;
    for (const NamePattern& pattern : patterns)
      best = either(best, capped(match(pattern.parts), name, pattern.all()));
    result = both(result, best);
  };
  using Parts = std::vector<Glob>;
  any(on.schemas,
      [&](const Parts& parts) { return part(parts[0], name.schema, name.schema_known); });
  const auto table = [&](const Parts& parts) {
    return both(part(parts[0], name.schema, name.schema_known),
                part(parts[1], name.name, name.name_known));
  };
  any(on.tables, table);
  any(on.columns, [&](const Parts& parts) {
    return both(table(parts), matches_column(parts[2], demand, allow));
  });
  return result;
}

/// A rule that refuses names a table's partitions and children by naming the table.
Truth matches_parents(const On& on, const Demand& demand, const catalog::Catalog& catalog,
                      const catalog::Relation& relation, int depth) {
  constexpr int kMaxDepth = 32;
  Truth best = Truth::kNo;
  if (depth > kMaxDepth) return Truth::kMaybe;
  for (const catalog::Oid oid : relation.parents) {
    const catalog::Relation* parent = catalog.relation(oid);
    if (parent == nullptr) continue;
    const Name name{parent->schema, parent->name};
    best = either(best, matches_names(on, demand, name, false));
    best = either(best, matches_parents(on, demand, catalog, *parent, depth + 1));
  }
  return best;
}

bool shows_any_values(const Demand& demand) {
  return demand.verb == Verb::kRead && demand.object->schema == "pg_catalog" &&
         std::find(kStatistics.begin(), kStatistics.end(), demand.object->name) !=
             kStatistics.end();
}

bool all_patterns(const On& on) {
  const auto all = [](const std::vector<NamePattern>& patterns) {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                           [](const NamePattern& p) { return p.all(); });
  };
  return all(on.schemas) && all(on.tables) && all(on.columns) && !on.classes;
}

/// For what is done to something that has no relation's name, or to nobody knows what.
Truth matches_nameless(const Rule& rule, const Demand& demand) {
  if (demand.verb == Verb::kDynamicSql) {
    // It may touch anything.
    if (rule.effect == Effect::kAllow) return truth(all_patterns(rule.on));
    return Truth::kMaybe;
  }
  if (demand.object == nullptr && demand.part == ColumnPart::kNone) return Truth::kNo;
  if ((bit(demand.verb) & kOnRelations) == 0) return Truth::kNo;
  return all_patterns(rule.on) ? Truth::kYes : Truth::kMaybe;
}

bool outside_schemas(const Demand& demand) {
  return demand.action != nullptr && std::find(kOutsideSchemas.begin(), kOutsideSchemas.end(),
                                               demand.action->object_kind) != kOutsideSchemas.end();
}

/// Kinds that hold, or may be, relations without being named like one.
bool holds_relations(const Demand& demand) {
  if (demand.action == nullptr) return false;
  const std::string_view kind = demand.action->object_kind;
  return kind == "database" || kind == "extension" || kind == "owned objects" || kind == "system" ||
         kind == "object";
}

}  // namespace

Truth matches_function(const FunctionPatterns& patterns, const Demand& demand,
                       const catalog::Catalog* catalog) {
  const auto risk = static_cast<unsigned>(demand.any_risk());
  if (demand.verb == Verb::kFunction && risk != 0 && (patterns.risks >> risk & 1) != 0)
    return Truth::kYes;
  Name name;
  if (demand.function != nullptr) {
    name.schema = demand.function->schema;
    name.name = demand.function->name;
    name.uncertain = catalog != nullptr && demand.function->oid == 0;
  } else if (demand.object != nullptr) {
    name.schema = demand.object->schema;
    name.name = demand.object->name;
  } else {
    // A risk without a function: COPY TO PROGRAM, a code block.
    name.schema_known = name.name_known = false;
    const bool all = std::any_of(patterns.names.begin(), patterns.names.end(),
                                 [](const NamePattern& pattern) { return pattern.all(); });
    return truth(all);
  }
  name.schema_known = !name.schema.empty();
  Truth best = Truth::kNo;
  for (const NamePattern& pattern : patterns.names) {
    if (demand.plain_function && pattern.text.ends_with('*') &&
        (pattern.all() || pattern.text.ends_with(".*")))
      continue;
    const Truth match = both(part(pattern.parts[0], name.schema, name.schema_known),
                             part(pattern.parts[1], name.name, true));
    best = either(best, capped(match, name, pattern.all()));
  }
  return best;
}

namespace {

/// By name: schemas, tables and columns.
Truth matches_named(const Rule& rule, const Demand& demand, const Question& question) {
  const On& on = rule.on;
  const bool allow = rule.effect == Effect::kAllow;
  const Truth match = matches_names(on, demand, name_of(demand, question), allow);
  if (allow || match == Truth::kYes || question.catalog == nullptr || demand.object->oid == 0)
    return match;
  const catalog::Relation* relation = question.catalog->relation(demand.object->oid);
  if (relation == nullptr || relation->parents.empty()) return match;
  return either(match, matches_parents(on, demand, *question.catalog, *relation, 0));
}

}  // namespace

Truth matches_objects(const Rule& rule, const Demand& demand, const Question& question) {
  const On& on = rule.on;
  const bool function = demand.verb == Verb::kFunction || demand.verb == Verb::kCall;
  if (demand.plain_function && (rule.effect == Effect::kAllow || !on.functions)) return Truth::kNo;
  if (function && on.functions) return matches_function(*on.functions, demand, question.catalog);
  if (on.functions && !on.names_relations())
    return truth(demand.verb == Verb::kDynamicSql && rule.names_verbs);
  if (!on.names_relations()) return Truth::kYes;
  if (function) return Truth::kNo;
  if (demand.object == nullptr || holds_relations(demand)) return matches_nameless(rule, demand);
  if ((bit(demand.verb) & kOnRelations) == 0) return Truth::kNo;
  if (outside_schemas(demand)) return truth(all_patterns(on));
  const Truth named = matches_named(rule, demand, question);
  const bool allow = rule.effect == Effect::kAllow;
  if (!allow && shows_any_values(demand)) return either(named, Truth::kMaybe);
  if (!on.classes || named == Truth::kNo) return named;
  return both(named, matches_classes(*on.classes, demand, question, allow));
}

}  // namespace sluice::policy
