#include "sql/fragile_arguments.h"

#include <algorithm>
#include <iterator>

namespace sluice::sql {
namespace {

/// From which argument on, and how many.
struct Fragile {
  std::string_view function;
  size_t first, last;
  std::string_view name;
};

constexpr size_t kLast = static_cast<size_t>(-1);

constexpr Fragile kFragile[] = {
    {"encode", 1, 1, "encode(format)"},
    {"convert_to", 1, 1, "convert_to(encoding)"},
    {"date_trunc", 0, 0, "date_trunc(unit)"},
    {"date_trunc", 2, 2, "date_trunc(zone)"},
    {"date_part", 0, 0, "date_part(unit)"},
    {"extract", 0, 0, "extract(unit)"},
    {"timezone", 0, 0, "timezone(zone)"},
    {"nth_value", 1, 1, "nth_value(n)"},
    {"json_object_agg", 0, 0, "json_object_agg(key)"},
    {"jsonb_object_agg", 0, 0, "jsonb_object_agg(key)"},
    {"substring", 1, kLast, "substring(pattern)"},
    {"substr", 2, 2, "substr(length)"},
    {"format", 0, 0, "format(template)"},
    {"to_char", 1, 1, "to_char(format)"},
    {"similar_to_escape", 0, kLast, "SIMILAR TO (pattern)"},
    {"similar_escape", 0, kLast, "SIMILAR TO (pattern)"},
    {"like_escape", 0, kLast, "LIKE (pattern)"},
    {"jsonb_path_query_first", 1, kLast, "jsonb_path(path)"},
    {"jsonb_path_exists", 1, kLast, "jsonb_path(path)"},
};

}  // namespace

std::string_view fragile_argument(std::string_view function, size_t argument) {
  // Keys stand before their values, and NULL is none.
  const bool builds = function == "json_build_object" || function == "jsonb_build_object";
  if (builds) return argument % 2 == 0 ? "json_build_object(key)" : std::string_view();
  const auto* const found =
      std::find_if(std::begin(kFragile), std::end(kFragile), [&](const Fragile& one) {
        return one.function == function && argument >= one.first && argument <= one.last;
      });
  return found == std::end(kFragile) ? std::string_view() : found->name;
}

bool is_made(const Value& value) {
  constexpr std::string_view kMakers[] = {
      "||",    "concat", "concat_ws", "format",     "replace", "translate", "left",
      "right", "substr", "substring", "reverse",    "upper",   "lower",     "initcap",
      "btrim", "ltrim",  "rtrim",     "string_agg", "nullif",  "greatest",  "least"};
  const auto makes = [&](const std::string& function) {
    return std::find(std::begin(kMakers), std::end(kMakers), function) != std::end(kMakers);
  };
  return std::any_of(value.sources.begin(), value.sources.end(), [&](const Source& source) {
    return std::any_of(source.functions.begin(), source.functions.end(), makes);
  });
}

bool is_like(std::string_view name) {
  return name == "~~" || name == "~~*" || name == "!~~" || name == "!~~*";
}

bool may_be_null(const Value& value) {
  const auto makes = [](const std::string& function) {
    return function == "nullif" || function == "substring" || function == "jsonb_path_query_first";
  };
  return std::any_of(value.sources.begin(), value.sources.end(), [&](const Source& source) {
    return std::any_of(source.functions.begin(), source.functions.end(), makes);
  });
}

}  // namespace sluice::sql
