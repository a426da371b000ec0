#include "mask/derivation.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <unordered_set>

#include "sql/large_objects.h"
#include "sql/lineage.h"

namespace sluice::mask {
namespace {

using sql::FunctionRisk;

/// Casts after which the value reads as before.
bool is_text_cast(std::string_view function) {
  return function == "::text" || function == "::varchar" || function == "::bpchar" ||
         function == "::citext";
}

/// Types whose values, as text, have the form that the masks of texts are made for.
bool reads_as_text(std::string_view type) {
  static constexpr std::array<std::string_view, 16> kPlain = {
      "text", "character", "citext",  "name",   "date",     "timestamp", "inet", "cidr",
      "uuid", "macaddr",   "integer", "bigint", "smallint", "numeric",   "json", "xml"};
  return !type.ends_with("[]") &&
         std::any_of(kPlain.begin(), kPlain.end(),
                     [&](std::string_view plain) { return type.starts_with(plain); });
}

/// Names as lineage has them (sql::Source::functions).
std::unordered_set<std::string> steady_names() {
  std::istringstream words(
      "|| concat concat_ws format upper lower initcap btrim ltrim rtrim left right substr "
      "substring "
      "replace translate reverse length char_length octet_length md5 encode convert_to sha256 "
      "quote_literal quote_nullable to_char date_part extract date_trunc age host abbrev "
      "count min max array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg "
      "xmlagg "
      "distinct sum avg first_value last_value nth_value lag lead row_to_json to_json to_jsonb "
      "json_build_object jsonb_build_object json_build_array jsonb_build_array array_to_string "
      "array_length cardinality unnest json_array_elements jsonb_array_elements "
      "json_array_elements_text jsonb_array_elements_text json_each jsonb_each json_each_text "
      "jsonb_each_text json_object_keys jsonb_object_keys jsonb_path_query_first jsonb_path_exists "
      "jsonb_typeof json_typeof -> ->> #> #>> [] row array nullif greatest least xml generated IS "
      "IN "
      "AND OR NOT = <> < > <= >= ~~ !~~ ~~* !~~* ::json ::jsonb ::bytea ::varchar(n) ::bpchar(n) "
      "…");
  std::unordered_set<std::string> names = {"IS NULL", "NOT IN"};
  for (std::string word; words >> word;) names.insert(word);
  return names;
}

}  // namespace

bool is_itself(const sql::Source& source, const ColumnView& view) {
  if (source.as_is) return true;
  return reads_as_text(view.type) &&
         std::all_of(source.functions.begin(), source.functions.end(), is_text_cast);
}

bool tells_presence(const sql::Source& source) { return sql::is_presence(source); }

bool is_sum(const sql::Source& source) {
  static constexpr std::array<std::string_view, 6> kSums = {"sum",      "avg",     "stddev",
                                                            "variance", "var_pop", "count"};
  return !source.functions.empty() &&
         std::find(kSums.begin(), kSums.end(), source.functions.front()) != kSums.end();
}

bool is_steady(std::string_view function) {
  static const auto kNames = steady_names();
  return function.starts_with('.') || is_text_cast(function) ||
         sql::is_large_object_step(function) || kNames.contains(std::string(function));
}

bool is_unreadable(const sql::FunctionUse& use, const catalog::Catalog& catalog) {
  switch (use.risk) {
    case FunctionRisk::kFile:
    case FunctionRisk::kProgram:
    case FunctionRisk::kNetwork:
    case FunctionRisk::kDynamicSql:
    case FunctionRisk::kStatistics:
      return true;
    case FunctionRisk::kUnknown: {
      // What is written in C belongs to an extension, and works on its arguments.
      const auto* function = catalog.function(use.oid);
      return function == nullptr || (function->language != "c" && function->language != "internal");
    }
    default:
      return false;
  }
}

}  // namespace sluice::mask
