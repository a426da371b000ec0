#include "mask/copied.h"

#include <algorithm>
#include <array>

#include "mask/derivation.h"
#include "sql/large_objects.h"

namespace sluice::mask {
namespace {

using sql::ActionKind;
using sql::ColumnRef;

/// What these make of a value is another thing, of which the value cannot be read.
bool measures(const sql::Source& source) {
  static constexpr std::array<std::string_view, 32> kNames = {
      "length",       "char_length", "octet_length", "bit_length", "array_length",
      "cardinality",  "count",       "position",     "strpos",     "IS NULL",
      "IS",           "=",           "<>",           "<",          ">",
      "<=",           ">=",          "~~",           "IN",         "NOT IN",
      "!~~",          "~~*",         "!~~*",         "~",          "!~",
      "~*",           "!~*",         "AND",          "OR",         "NOT",
      "jsonb_typeof", "json_typeof"};
  return std::any_of(source.functions.begin(), source.functions.end(), [](const auto& function) {
    return std::find(kNames.begin(), kNames.end(), function) != kNames.end();
  });
}

/// What these make of a value is still it, and nothing else.
bool is_alone(const sql::Source& source) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "upper", "lower", "initcap", "btrim", "ltrim", "rtrim", "::text", "::varchar", "::bpchar"};
  return source.as_is ||
         std::all_of(source.functions.begin(), source.functions.end(), [](const auto& function) {
           return std::find(kNames.begin(), kNames.end(), function) != kNames.end();
         });
}

/// Whether what is sensitive in a text or document could not be found any more in what these make
/// of it: reversed, encoded, cut to pieces. What they are not known for counts as that.
bool disguises(const sql::Source& source) {
  static constexpr std::array<std::string_view, 42> kNames = {"btrim",
                                                              "ltrim",
                                                              "rtrim",
                                                              "::text",
                                                              "::varchar",
                                                              "::bpchar",
                                                              "::json",
                                                              "::jsonb",
                                                              "::xml",
                                                              "::bytea",
                                                              "convert_from",
                                                              "convert_to",
                                                              "||",
                                                              "concat",
                                                              "concat_ws",
                                                              "distinct",
                                                              "min",
                                                              "max",
                                                              "string_agg",
                                                              "array_agg",
                                                              "unnest",
                                                              "->",
                                                              "->>",
                                                              "#>",
                                                              "#>>",
                                                              "jsonb_extract_path",
                                                              "jsonb_extract_path_text",
                                                              "json_extract_path",
                                                              "json_extract_path_text",
                                                              "jsonb_each_text",
                                                              "jsonb_array_elements",
                                                              "jsonb_array_elements_text",
                                                              "jsonb_build_object",
                                                              "json_build_object",
                                                              "jsonb_agg",
                                                              "json_agg",
                                                              "to_jsonb",
                                                              "to_json",
                                                              "jsonb_pretty",
                                                              "row",
                                                              "array",
                                                              "[]"};
  return !source.as_is &&
         std::any_of(source.functions.begin(), source.functions.end(), [&](const auto& function) {
           if (function == source.functions.back() && sql::is_whole_large_object(source))
             return false;
           return std::find(kNames.begin(), kNames.end(), function) == kNames.end();
         });
}

/// A column whose values are sensitive, or have sensitive parts, while no rule says otherwise.
struct Sensitive {
  privacy::Class cls = privacy::Class::kNone;
  std::string name;
  bool parts = false;  ///< it is a text, or a large object: what of it is sensitive is searched for
  bool disguised = false;  ///< it was such a text, and nothing is found in it any more
};

/// What a session's temporary table holds, by its earlier statements.
std::vector<Sensitive> sensitive(const catalog::Relation& temporary, ColumnRef column,
                                 const std::vector<privacy::Copy>& held) {
  std::vector<Sensitive> out;
  const catalog::Column* named = temporary.column(column.column);
  for (const privacy::Copy& copy : held) {
    if (!copy.table.empty() && copy.table != temporary.name) continue;
    const bool any = column.column == 0 || (copy.column.empty() && copy.number == 0);
    const bool meant = copy.column.empty() ? copy.number == column.column
                                           : named != nullptr && copy.column == named->name;
    const bool others = copy.from.ends_with(privacy::kWithOthers);
    if (any || meant)
      out.push_back({copy.cls, copy.from, others && !copy.alone, others && copy.alone});
  }
  return out;
}

/// What parts of texts are said to be where one class must be told.
constexpr auto kLikeliest = privacy::Class::kPersonName;
constexpr std::string_view kLargeObjects = "pg_catalog.pg_largeobject.data";

/// One for each class of a whole row, and one for each of its texts.
std::vector<Sensitive> sensitive(const privacy::Labels& labels, ColumnRef column) {
  std::vector<Sensitive> out;
  const privacy::TableLabels* table = labels.table(column.relation);
  if (table == nullptr) return out;
  for (const privacy::ColumnLabel& label : table->columns) {
    const bool meant = column.column == 0 || column.column == label.number;
    const std::string from = table->schema + "." + table->name + "." + label.name;
    const bool large = from == kLargeObjects;
    if (!meant || (label.hidden && !large) || !label.masked()) continue;
    if (large || label.decision.shape != privacy::Shape::kWhole) {
      out.push_back({kLikeliest, from + std::string(privacy::kWithOthers), true});
      continue;
    }
    const bool told = std::any_of(out.begin(), out.end(), [&](const Sensitive& known) {
      return !known.parts && known.cls == label.decision.cls;
    });
    if (!told) out.push_back({label.decision.cls, from});
  }
  return out;
}

bool makes_table(const sql::Action& action) {
  return action.kind == ActionKind::kCreate &&
         (action.object_kind == "table" || action.object_kind == "materialized view");
}

/// Where the values go: one column, all of a row, or what the statement makes.
std::vector<privacy::Copy> places(const sql::StatementFacts& facts, ColumnRef target,
                                  const Sensitive& from, bool alone,
                                  const catalog::Catalog& catalog, const privacy::Labels& labels) {
  std::vector<privacy::Copy> out;
  if (target.relation == 0) {
    for (const sql::Action& action : facts.actions) {
      if (!makes_table(action)) continue;
      for (const sql::Object& made : action.targets) {
        // What is there already is not made, whatever the statement says.
        if (!made.temporary && catalog.relation(made.schema, made.name) != nullptr) continue;
        // Texts as they are: it is looked into before anything of it is shown.
        if (from.parts && !alone && !made.temporary) continue;
        const std::string schema(made.temporary ? kTemporarySchema : made.schema);
        out.push_back({schema, made.name, "", target.column, from.cls, from.name, alone});
      }
    }
    return out;
  }
  const catalog::Relation* relation = catalog.relation(target.relation);
  if (relation == nullptr || relation->system()) return out;
  const std::string schema(relation->persistence == 't' ? kTemporarySchema : relation->schema);
  const privacy::TableLabels* table = labels.table(target.relation);
  for (const auto& column : relation->columns) {
    if (target.column != 0 && target.column != column.number) continue;
    const auto* label = table == nullptr ? nullptr : table->column(column.number);
    privacy::Copy copy{schema, relation->name, column.name, 0, from.cls, from.name, alone};
    // Texts as they are: what proves nothing yet is searched anyway.
    if (from.parts && !alone && label != nullptr && label->unproven) continue;
    if (label == nullptr || copy.tells_more(*label)) out.push_back(std::move(copy));
  }
  return out;
}

}  // namespace

std::vector<privacy::Copy> copied(const sql::StatementFacts& facts, const catalog::Catalog& catalog,
                                  const privacy::Labels& labels,
                                  const std::vector<privacy::Copy>& held) {
  std::vector<privacy::Copy> out;
  if (facts.statements == 1 && facts.kind == "EXPLAIN" && !facts.runs_explained) return out;
  for (const sql::WrittenColumn& written : facts.written) {
    for (const sql::Source& source : written.sources) {
      if (source.column == written.target || tells_presence(source) || is_sum(source) ||
          measures(source)) {
        continue;
      }
      const auto* read = held.empty() ? nullptr : catalog.relation(source.column.relation);
      const bool own = read != nullptr && read->persistence == 't';
      for (Sensitive from :
           own ? sensitive(*read, source.column, held) : sensitive(labels, source.column)) {
        const bool disguised = disguises(source);
        const bool alone = disguised || (!from.parts && (from.disguised || is_alone(source)));
        // What a class keeps in sight (of an address its domain) is something else in a value that
        // is reversed, encoded or cut: that is for those alone who may see everything.
        if (!from.parts && disguised && !is_alone(source) &&
            !from.name.ends_with(privacy::kWithOthers))
          from.name += privacy::kWithOthers;
        for (privacy::Copy& copy : places(facts, written.target, from, alone, catalog, labels)) {
          if (std::find(out.begin(), out.end(), copy) == out.end()) out.push_back(std::move(copy));
        }
      }
    }
  }
  return out;
}

void hold(std::vector<privacy::Copy>& held, const std::vector<privacy::Copy>& more) {
  static const privacy::Copy kAny{std::string(kTemporarySchema),
                                  "",
                                  "",
                                  0,
                                  kLikeliest,
                                  "many temporary tables" + std::string(privacy::kWithOthers),
                                  true};
  if (held.size() == 1 && held.front() == kAny) return;
  for (const privacy::Copy& copy : more) {
    if (std::find(held.begin(), held.end(), copy) == held.end()) held.push_back(copy);
  }
  if (held.size() > kMostHeld) held = {kAny};
}

}  // namespace sluice::mask
