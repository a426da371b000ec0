#include "sql/lint_column.h"

#include <algorithm>
#include <unordered_set>

namespace sluice::sql {
namespace {

/// Volatile functions of pg_catalog that give a value, and extensions' makers of UUIDs.
bool known_volatile(std::string_view name) {
  static const std::unordered_set<std::string_view> names = {"random",
                                                             "clock_timestamp",
                                                             "timeofday",
                                                             "gen_random_uuid",
                                                             "nextval",
                                                             "currval",
                                                             "lastval",
                                                             "setval",
                                                             "gen_random_bytes",
                                                             "uuid_generate_v1",
                                                             "uuid_generate_v1mc",
                                                             "uuid_generate_v4",
                                                             "random_normal",
                                                             "uuidv7",
                                                             "uuidv4",
                                                             "pg_sleep",
                                                             "gen_salt",
                                                             "uuid_generate_v7"};
  return names.contains(name);
}

/// Functions that defaults are usually made of and that are stable or immutable.
bool known_stable(std::string_view name) {
  static const std::unordered_set<std::string_view> names = {"now",
                                                             "transaction_timestamp",
                                                             "statement_timestamp",
                                                             "timezone",
                                                             "date_trunc",
                                                             "date_part",
                                                             "extract",
                                                             "date_bin",
                                                             "age",
                                                             "make_date",
                                                             "make_time",
                                                             "make_timestamp",
                                                             "make_timestamptz",
                                                             "make_interval",
                                                             "to_char",
                                                             "to_date",
                                                             "to_timestamp",
                                                             "to_number",
                                                             "to_json",
                                                             "to_jsonb",
                                                             "json_build_object",
                                                             "json_build_array",
                                                             "jsonb_build_object",
                                                             "jsonb_build_array",
                                                             "json_object",
                                                             "jsonb_object",
                                                             "current_setting",
                                                             "current_database",
                                                             "current_schema",
                                                             "inet_client_addr",
                                                             "pg_backend_pid",
                                                             "txid_current",
                                                             "pg_current_xact_id",
                                                             "lower",
                                                             "upper",
                                                             "initcap",
                                                             "trim",
                                                             "btrim",
                                                             "ltrim",
                                                             "rtrim",
                                                             "lpad",
                                                             "rpad",
                                                             "length",
                                                             "char_length",
                                                             "substring",
                                                             "substr",
                                                             "replace",
                                                             "repeat",
                                                             "reverse",
                                                             "concat",
                                                             "concat_ws",
                                                             "format",
                                                             "left",
                                                             "right",
                                                             "md5",
                                                             "sha256",
                                                             "encode",
                                                             "decode",
                                                             "abs",
                                                             "round",
                                                             "ceil",
                                                             "ceiling",
                                                             "floor",
                                                             "trunc",
                                                             "power",
                                                             "sqrt",
                                                             "mod",
                                                             "greatest",
                                                             "least",
                                                             "array_fill",
                                                             "array_append",
                                                             "array_cat",
                                                             "string_to_array",
                                                             "to_tsvector",
                                                             "int4range",
                                                             "int8range",
                                                             "numrange",
                                                             "tsrange",
                                                             "tstzrange",
                                                             "daterange",
                                                             "point",
                                                             "box",
                                                             "quote_ident",
                                                             "quote_literal"};
  return names.contains(name);
}

Volatility of_function(const Node& call, const LintScript& script) {
  const auto names = names_in(call, "funcname");
  if (names.empty()) return Volatility::kNotKnown;
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  if (script.catalog() != nullptr) {
    const auto found = script.catalog()->functions(script.search_path(), schema, names.back());
    if (found.empty()) return Volatility::kNotKnown;
    const bool changes =
        std::any_of(found.begin(), found.end(), [](const auto* f) { return f->volatility == 'v'; });
    return changes ? Volatility::kVolatile : Volatility::kStable;
  }
  if (known_volatile(names.back())) return Volatility::kVolatile;
  const bool own = schema.empty() || schema == "pg_catalog";
  return own && known_stable(names.back()) ? Volatility::kStable : Volatility::kNotKnown;
}

Volatility worse(Volatility a, Volatility b) {
  if (a == Volatility::kVolatile || b == Volatility::kVolatile) return Volatility::kVolatile;
  return a == Volatility::kStable ? b : a;
}

}  // namespace

const LintColumn::Part* LintColumn::part(std::string_view kind) const {
  const auto it = std::find_if(parts.begin(), parts.end(),
                               [&](const Part& candidate) { return candidate.kind == kind; });
  return it == parts.end() ? nullptr : &*it;
}

LintColumn column_of(const Node& definition, std::string_view script) {
  LintColumn column;
  column.name = text_field(definition, "colname");
  const std::string_view whole =
      piece_at(script, static_cast<size_t>(number_field(definition, "location")));
  const auto end = static_cast<size_t>(whole.data() + whole.size() - script.data());
  std::vector<size_t> starts;
  for_each(definition, "constraints", [&](const Node& wrapper) {
    const auto constraint = field(wrapper, "Constraint");
    if (!constraint) return;
    const std::string_view kind = text_field(*constraint, "contype");
    // DEFERRABLE and the like belong to the constraint before.
    if (kind.starts_with("CONSTR_ATTR_")) return;
    column.parts.push_back({kind, *constraint, {}});
    starts.push_back(static_cast<size_t>(number_field(*constraint, "location")));
  });
  const auto up_to_next = [&](size_t from) {
    size_t to = end;
    for (const size_t start : starts) {
      if (start > from) to = std::min(to, start);
    }
    std::string_view text = script.substr(from, to - from);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
      text.remove_suffix(1);
    }
    return std::string(text);
  };
  for (size_t i = 0; i < starts.size(); ++i) column.parts[i].sql = up_to_next(starts[i]);
  if (const auto type = field(definition, "typeName")) {
    column.type = type_of(*type);
    column.type_sql = up_to_next(static_cast<size_t>(number_field(*type, "location")));
  }
  return column;
}

Volatility volatility_of(const Node& expression, const LintScript& script) {
  Volatility worst = Volatility::kStable;
  simdjson::dom::array items;
  if (expression.get(items) == simdjson::SUCCESS) {
    for (const Node item : items) worst = worse(worst, volatility_of(item, script));
    return worst;
  }
  simdjson::dom::object object;
  if (expression.get(object) != simdjson::SUCCESS) return worst;
  for (const auto [key, value] : object) {
    if (key == "FuncCall") worst = worse(worst, of_function(value, script));
    worst = worse(worst, volatility_of(value, script));
  }
  return worst;
}

}  // namespace sluice::sql
