#include "sql/condition_ranges.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/condition_forms.h"
#include "sql/names.h"

namespace sluice::sql {
namespace {

template <size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// What a constructor of a range is given.
struct Made {
  Node from, to;
  std::string_view bounds = "[)";
};

std::optional<Made> made_range(const Node& node, bool& looked_at_literal) {
  constexpr std::string_view kRanges[] = {"int4range", "int8range", "numrange",
                                          "daterange", "tsrange",   "tstzrange"};
  constexpr std::string_view kSeveral[] = {"int4multirange", "int8multirange", "nummultirange",
                                           "datemultirange", "tsmultirange",   "tstzmultirange",
                                           "multirange"};
  const auto call = field(node, "FuncCall");
  if (!call) return std::nullopt;
  std::vector<Node> arguments;
  for_each(*call, "args", [&](const Node& argument) { arguments.push_back(argument); });
  const std::string_view name = name_in(*call, "funcname").name;
  if (is_one_of(kSeveral, name) && arguments.size() == 1)
    return made_range(arguments[0], looked_at_literal);
  if (!is_one_of(kRanges, name) || arguments.size() < 2 || arguments.size() > 3)
    return std::nullopt;
  Made made{arguments[0], arguments[1]};
  if (arguments.size() == 3) {
    looked_at_literal = true;
    if (!string_literal(arguments[2], made.bounds)) return std::nullopt;
  }
  return made;
}

bool is_null(const Node& node) {
  const auto constant = field(node, "A_Const");
  return constant && bool_field(*constant, "isnull");
}

/// x, x + 1: they differ for each row. What ends before it begins is an error.
bool are_apart(const Node& from, const Node& to, const Picked& table, bool& looked_at_literal) {
  const PlainValue one = plain_value(from, table), other = plain_value(to, table);
  if (!one.by_literals && !other.by_literals) return false;
  looked_at_literal = true;
  const catalog::Column* column = column_of(one.value, table);
  return column != nullptr && column == column_of(other.value, table) &&
         one.unchanged != other.unchanged;
}

/// Whether all of them are empty, or none is.
bool same_emptiness(const Made& made, const Picked& table, bool& looked_at_literal) {
  if (made.bounds == "[]" || is_null(made.from) || is_null(made.to)) return true;
  if (same(made.from, made.to, looked_at_literal)) return never_null(made.from, table);
  return made.bounds != "()" && are_apart(made.from, made.to, table, looked_at_literal);
}

bool same_end(const Node& end, const Picked& table) {
  return is_null(end) || never_null(end, table);
}

}  // namespace

bool asks_of_made_range(const Node& call, const Picked& table, bool& looked_at_literal) {
  constexpr std::string_view kQuestions[] = {"isempty", "lower_inc", "upper_inc", "lower_inf",
                                             "upper_inf"};
  const std::string_view name = name_in(call, "funcname").name;
  std::vector<Node> arguments;
  for_each(call, "args", [&](const Node& argument) { arguments.push_back(argument); });
  if (!is_one_of(kQuestions, name) || arguments.size() != 1) return false;
  const auto made = made_range(arguments[0], looked_at_literal);
  if (!made) return false;
  if (name == "isempty") return same_emptiness(*made, table, looked_at_literal);
  const bool ends = same_end(name.starts_with("lower") ? made->from : made->to, table);
  if (name.ends_with("_inf")) return ends;
  return ends && same_emptiness(*made, table, looked_at_literal);
}

bool compares_made_range(const Node& left, const Node& right, const Picked& table,
                         bool& looked_at_literal) {
  for (const auto& [range, other] : {std::pair{left, right}, std::pair{right, left}}) {
    const auto made = made_range(range, looked_at_literal);
    std::string_view word;
    if (!made || !string_literal(other, word)) continue;
    looked_at_literal = true;
    if (word == "empty" && same_emptiness(*made, table, looked_at_literal)) return true;
  }
  return false;
}

}  // namespace sluice::sql
