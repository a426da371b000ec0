#include "sql/lint_types.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "sql/lint_text.h"

namespace sluice::sql {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

/// SQL's names as format_type and people write them, to the catalog's.
constexpr std::array kNames = {
    Pair{"integer", "int4"},
    Pair{"int", "int4"},
    Pair{"bigint", "int8"},
    Pair{"smallint", "int2"},
    Pair{"double precision", "float8"},
    Pair{"real", "float4"},
    Pair{"boolean", "bool"},
    Pair{"decimal", "numeric"},
    Pair{"character varying", "varchar"},
    Pair{"character", "bpchar"},
    Pair{"bit varying", "varbit"},
    Pair{"timestamp without time zone", "timestamp"},
    Pair{"timestamp with time zone", "timestamptz"},
    Pair{"time without time zone", "time"},
    Pair{"time with time zone", "timetz"},
};

/// pg_cast entries that need no function: the bytes stay what they are.
constexpr std::array kSameBytes = {
    Pair{"varchar", "text"}, Pair{"text", "varchar"}, Pair{"cidr", "inet"}, Pair{"xml", "text"},
    Pair{"xml", "varchar"},  Pair{"int4", "oid"},     Pair{"oid", "int4"},  Pair{"bit", "varbit"},
};

/// Modifiers of a type that keep the values of another modifier: wider or unlimited.
bool wider(const std::string& type, const std::vector<int64_t>& from,
           const std::vector<int64_t>& to) {
  if (from == to) return true;
  if (type == "varchar" || type == "varbit") {
    return to.empty() || (!from.empty() && to[0] >= from[0]);
  }
  if (type == "numeric") {
    const auto scale = [](const std::vector<int64_t>& m) { return m.size() > 1 ? m[1] : 0; };
    return to.empty() || (!from.empty() && scale(from) == scale(to) && to[0] >= from[0]);
  }
  if (type == "timestamp" || type == "timestamptz" || type == "time" || type == "timetz") {
    constexpr int64_t kMostDigits = 6;
    return to.empty() || to[0] >= kMostDigits || (!from.empty() && to[0] >= from[0]);
  }
  return false;
}

}  // namespace

bool LintType::serial() const {
  static constexpr std::array<std::string_view, 6> kSerials = {
      "serial", "serial4", "bigserial", "serial8", "smallserial", "serial2"};
  return schema.empty() && std::find(kSerials.begin(), kSerials.end(), name) != kSerials.end();
}

LintType type_of(const Node& type_name) {
  LintType type;
  const auto names = names_in(type_name, "names");
  if (!names.empty()) type.name = names.back();
  if (names.size() > 1 && names.front() != "pg_catalog") type.schema = names.front();
  for_each(type_name, "typmods", [&](const Node& wrapper) {
    if (const auto constant = field(wrapper, "A_Const")) {
      const auto number = field(*constant, "ival");
      type.modifiers.push_back(number ? number_field(*number, "ival") : 0);
    }
  });
  type.array = field(type_name, "arrayBounds").has_value();
  return type;
}

LintType parse_type(std::string_view formatted) {
  LintType type;
  std::string text(formatted);
  if (text.ends_with("[]")) {
    type.array = true;
    text.resize(text.size() - 2);
  }
  const size_t open = text.find('(');
  const size_t close = text.find(')', open == std::string::npos ? 0 : open);
  if (open != std::string::npos && close != std::string::npos) {
    const char* at = text.c_str() + open + 1;
    for (char* end = nullptr; *at != '\0'; at = end + 1) {
      type.modifiers.push_back(std::strtoll(at, &end, 10));
      if (*end != ',') break;
    }
    text.erase(open, close - open + 1);
  }
  const auto* known = std::find_if(kNames.begin(), kNames.end(),
                                   [&](const Pair& pair) { return pair.first == text; });
  if (known != kNames.end()) text = known->second;
  const size_t dot = text.rfind('.');
  if (dot != std::string::npos) {
    type.schema = text.substr(0, dot);
    text.erase(0, dot + 1);
  }
  type.name = text;
  return type;
}

bool keeps_table(const LintType& from, const LintType& to) {
  if (from.array || to.array) {
    return from.array == to.array && from.schema == to.schema && from.name == to.name &&
           from.modifiers == to.modifiers;
  }
  if (from.schema != to.schema) return false;
  if (from.name == to.name) return wider(from.name, from.modifiers, to.modifiers);
  const bool same =
      std::find(kSameBytes.begin(), kSameBytes.end(), Pair{from.name, to.name}) != kSameBytes.end();
  return same && from.schema.empty() && to.modifiers.empty();
}

}  // namespace sluice::sql
