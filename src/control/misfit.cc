#include "control/misfit.h"

#include <string_view>

#include <fmt/format.h>

namespace sluice::control {
namespace json = boost::json;

namespace {

std::string_view spoken(std::string_view type) {
  if (type == "string") return "a text";
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  if (type == "boolean") return "true or false";
  if (type == "array") return "a list";
  return type == "object" ? "an object" : "null";
}

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "true or false";
    case json::kind::string:
      return "a text";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "an object";
    case json::kind::double_:
      return "a number with a fraction";
    default:
      return "a number";
  }
}

bool is_of(const json::value& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_bool();
  if (type == "array") return value.is_array();
  return type == "object" ? value.is_object() : value.is_null();
}

std::optional<Misfit> under(std::string inside, const json::value& value,
                            const json::object& schema) {
  auto wrong = misfit(value, schema);
  if (wrong) wrong->inside.insert(0, inside);
  return wrong;
}

std::optional<Misfit> misfit_of_items(const json::array& list, const json::object& schema) {
  const auto* items = schema.if_contains("items");
  if (items == nullptr || !items->is_object()) return std::nullopt;
  for (size_t i = 0; i < list.size(); ++i) {
    if (auto wrong = under(fmt::format("[{}]", i), list[i], items->get_object())) return wrong;
  }
  return std::nullopt;
}

std::optional<Misfit> misfit_of_members(const json::object& object, const json::object& schema) {
  const auto* others = schema.if_contains("additionalProperties");
  if (others == nullptr || !others->is_object()) return std::nullopt;
  for (const auto& [name, value] : object) {
    if (auto wrong = under(fmt::format(".{}", std::string_view(name)), value, others->get_object()))
      return wrong;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Misfit> misfit(const json::value& value, const json::object& schema) {
  const auto* type = schema.if_contains("type");
  if (type == nullptr || !type->is_string()) return std::nullopt;
  const std::string_view wanted = type->get_string();
  if (!is_of(value, wanted))
    return Misfit{"", std::string(spoken(wanted)), std::string(kind_of(value))};
  if (value.is_array()) return misfit_of_items(value.get_array(), schema);
  if (value.is_object()) return misfit_of_members(value.get_object(), schema);
  return std::nullopt;
}

}  // namespace sluice::control
