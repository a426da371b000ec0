#include "models/kept_elsewhere.h"

#include <algorithm>
#include <array>

namespace sluice::models {
namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 4> kReferring = {"previous_response_id", "conversation",
                                                        "background", "container"};

/// Null and false say nothing.
const json::value* said(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  if (value == nullptr || value->is_null() || (value->is_bool() && !value->get_bool()))
    return nullptr;
  return value;
}

bool has_id(const json::value* value) {
  return value != nullptr && value->is_object() && said(value->get_object(), "id") != nullptr;
}

/// Whether any object of a list is such.
template <typename Such>
bool any_of(const json::object& body, std::string_view name, const Such& such) {
  const auto* value = body.if_contains(name);
  const auto* all = value == nullptr ? nullptr : value->if_array();
  return all != nullptr && std::any_of(all->begin(), all->end(), [&](const json::value& each) {
           return each.is_object() && such(each.get_object());
         });
}

/// An item of Responses that stands for another; its type may be left off.
bool is_reference(const json::object& item) {
  const auto* type = said(item, "type");
  if (type != nullptr) return type->is_string() && type->get_string() == "item_reference";
  return said(item, "id") != nullptr && said(item, "role") == nullptr;
}

/// Whether anything in a conversation names a file that the provider keeps; what a tool is called
/// with names what it likes.
bool names_file(const json::value* value) {
  constexpr std::array<std::string_view, 3> kData = {"input", "arguments", "parameters"};
  if (value == nullptr) return false;
  if (const auto* list = value->if_array()) {
    return std::any_of(list->begin(), list->end(),
                       [](const json::value& each) { return names_file(&each); });
  }
  const auto* object = value->if_object();
  if (object == nullptr) return false;
  if (const auto* id = object->if_contains("file_id"); id != nullptr && !id->is_null()) return true;
  return std::any_of(object->begin(), object->end(), [&](const auto& member) {
    return std::find(kData.begin(), kData.end(), member.key()) == kData.end() &&
           names_file(&member.value());
  });
}

/// Files and stores of them that a tool would look into, and machines where they lie.
bool reaches_files(const json::object& tool) {
  if (said(tool, "vector_store_ids") != nullptr) return true;
  const auto* container = said(tool, "container");
  if (container == nullptr) return false;
  return !container->is_object() || said(container->get_object(), "file_ids") != nullptr;
}

}  // namespace

std::optional<std::string_view> kept_elsewhere(const json::object& body) {
  for (const std::string_view name : kReferring) {
    if (said(body, name) != nullptr) return name;
  }
  if (has_id(said(body, "prompt"))) return "prompt";
  if (any_of(body, "input", is_reference)) return "item_reference";
  if (any_of(body, "messages",
             [](const json::object& message) { return has_id(said(message, "audio")); }))
    return "audio";
  if (any_of(body, "tools", reaches_files)) return "tools";
  for (const std::string_view name : {"messages", "input"}) {
    if (names_file(body.if_contains(name))) return "file_id";
  }
  return std::nullopt;
}

}  // namespace sluice::models
