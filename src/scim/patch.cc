#include "scim/patch.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "scim/filter.h"

namespace sluice::scim {
namespace {

namespace json = boost::json;

constexpr size_t kMostOperations = 1000;
constexpr size_t kMostValues = 20'000;
constexpr std::string_view kMessage = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

enum class Op : uint8_t { kAdd, kReplace, kRemove };

/// `name`, `name.part`, `name[filter]`, `name[filter].part`
struct Path {
  AttributePath attribute;
  std::optional<Filter> filter;
};

bool is_list(std::string_view name) { return name == "emails" || name == "members"; }

/// What the gateway alone says.
bool is_own(std::string_view name) {
  return name == "id" || name == "meta" || name == "groups" || name == "schemas";
}

Outcome<Path> read_path(std::string_view text, Kind kind) {
  const size_t open = text.find('[');
  if (open == std::string_view::npos) {
    Path path{attribute_path(text, kind), std::nullopt};
    if (path.attribute.name.empty()) return refuse(400, "invalidPath", "the path is empty");
    return path;
  }
  const size_t close = text.rfind(']');
  const std::string_view behind =
      close == std::string_view::npos ? std::string_view() : text.substr(close + 1);
  if (open == 0 || close == std::string_view::npos || close < open ||
      (!behind.empty() && (behind.size() < 2 || behind[0] != '.')))
    return refuse(400, "invalidPath", "the path cannot be read");
  std::string name(text.substr(0, open));
  const AttributePath whole = attribute_path(name, kind);
  auto filter = Filter::parse_within(text.substr(open + 1, close - open - 1), whole, kind);
  if (!filter) return tl::unexpected<Problem>(filter.error());
  Path path{behind.empty() ? whole : attribute_path(name.append(behind), kind), std::move(*filter)};
  path.attribute.kept = path.attribute.kept && is_list(path.attribute.name);
  return path;
}

/// A single one counts as a list of one.
Outcome<json::array> values_of(const json::value& value, std::string_view name) {
  json::array out;
  if (value.is_object()) {
    out.push_back(value);
  } else if (value.is_array() && value.get_array().size() <= kMostValues) {
    out = value.get_array();
  } else {
    return refuse(400, "invalidValue", fmt::format("{} must be a list of objects", name));
  }
  for (const json::value& each : out) {
    if (!each.is_object())
      return refuse(400, "invalidValue", fmt::format("{} must be a list of objects", name));
  }
  return out;
}

/// The text of its `value`; of one that has none, nothing.
std::string_view value_in(const json::value& element) {
  const auto* value = find_member(element.get_object(), "value");
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

class Patcher {
 public:
  Patcher(Kind kind, json::object& resource) : kind_(kind), resource_(resource) {}

  Outcome<> operation(const json::value& entry) {
    if (!entry.is_object()) return syntax("each operation must be an object");
    const json::object& object = entry.get_object();
    const auto* named = find_member(object, "op");
    const std::string name =
        named != nullptr && named->is_string() ? lower(named->get_string()) : std::string();
    const auto op = name == "add"       ? std::optional(Op::kAdd)
                    : name == "replace" ? std::optional(Op::kReplace)
                    : name == "remove"  ? std::optional(Op::kRemove)
                                        : std::nullopt;
    if (!op) return syntax("op must be add, replace or remove");
    const auto* path = find_member(object, "path");
    const auto* value = find_member(object, "value");
    const bool without =
        path == nullptr || path->is_null() || (path->is_string() && path->get_string().empty());
    if (without) return changes(*op, value);
    if (!path->is_string()) return syntax("path must be a text");
    return change(*op, path->get_string(), value);
  }

 private:
  static tl::unexpected<Problem> syntax(std::string detail) {
    return refuse(400, "invalidSyntax", std::move(detail));
  }

  /// Without a path: an object of what is to change.
  Outcome<> changes(Op op, const json::value* value) {
    if (op == Op::kRemove) return refuse(400, "noTarget", "remove needs a path");
    if (value == nullptr || !value->is_object())
      return refuse(400, "invalidValue", "without a path the value must be an object");
    for (const auto& [key, part] : value->get_object()) {
      // Okta sends the id again.
      if (is_own(attribute_path(key, kind_).name)) continue;
      if (const auto done = change(op, key, &part); !done) return done;
    }
    return {};
  }

  Outcome<> change(Op op, std::string_view text, const json::value* value) {
    const auto path = read_path(text, kind_);
    if (!path) return tl::unexpected<Problem>(path.error());
    const std::string& name = path->attribute.name;
    if (is_own(name)) return refuse(400, "mutability", fmt::format("{} cannot be changed", name));
    if (!path->attribute.kept) return {};
    if (op != Op::kRemove && value == nullptr)
      return refuse(400, "invalidValue", "a value is missing");
    if (op == Op::kRemove || value->is_null()) {
      if (name == "active" || name == "userName" ||
          (kind_ == Kind::kGroup && name == "displayName"))
        return refuse(400, "mutability", fmt::format("{} cannot be removed", name));
      return remove(*path, value);
    }
    if (path->filter) return put_filtered(op, *path, *value);
    if (!path->attribute.sub.empty()) return put_part(*path, *value);
    if (is_list(name)) return put_list(op, name, *value);
    if (name == "name" && value->is_object()) {
      json::object& whole = object_at(name);
      for (const auto& [key, part] : value->get_object()) {
        const AttributePath sub = attribute_path(name + "." + std::string(key), kind_);
        if (sub.kept) whole[sub.sub] = part;
      }
      return {};
    }
    resource_[name] = *value;
    return {};
  }

  json::object& object_at(const std::string& name) {
    json::value& value = resource_[name];
    if (!value.is_object()) value = json::object();
    return value.get_object();
  }
  json::array& list_at(const std::string& name) {
    json::value& value = resource_[name];
    if (!value.is_array()) value = json::array();
    return value.get_array();
  }

  Outcome<> remove(const Path& path, const json::value* value) {
    const std::string& name = path.attribute.name;
    const std::string& sub = path.attribute.sub;
    if (!is_list(name)) {
      if (sub.empty()) {
        resource_.erase(name);
      } else {
        object_at(name).erase(sub);
      }
      return {};
    }
    std::optional<std::unordered_set<std::string>> listed;
    if (!path.filter && value != nullptr && !value->is_null()) {
      auto values = values_of(*value, name);
      if (!values) return tl::unexpected<Problem>(values.error());
      listed.emplace();
      for (const json::value& each : *values) listed->emplace(value_in(each));
    }
    const auto meant = [&](const json::value& element) {
      if (path.filter) return path.filter->matches_value(path.attribute, element);
      if (!listed) return true;
      return !value_in(element).empty() && listed->contains(std::string(value_in(element)));
    };
    json::array kept;
    for (json::value& element : list_at(name)) {
      if (!meant(element)) {
        kept.push_back(std::move(element));
      } else if (!sub.empty()) {
        element.get_object().erase(sub);
        kept.push_back(std::move(element));
      }
    }
    resource_[name] = std::move(kept);
    return {};
  }

  /// A value of a list that a filter names; it is made where there is none yet, as Microsoft Entra
  /// ID relies on.
  Outcome<> put_filtered(Op op, const Path& path, const json::value& value) {
    const std::string& sub = path.attribute.sub;
    if (sub.empty() && !value.is_object())
      return refuse(400, "invalidValue", "the value must be an object");
    json::array& list = list_at(path.attribute.name);
    const auto put = [&](json::object& element) {
      if (!sub.empty()) {
        element[sub] = value;
        return;
      }
      if (op == Op::kReplace) element.clear();
      for (const auto& [key, part] : value.get_object()) element[key] = part;
    };
    bool any = false;
    for (json::value& element : list) {
      if (!path.filter->matches_value(path.attribute, element)) continue;
      any = true;
      put(element.get_object());
    }
    if (any) return {};
    auto made = path.filter->as_value();
    if (!made) return refuse(400, "noTarget", "there is no value that the filter names");
    put(list.emplace_back(std::move(*made)).get_object());
    return {};
  }

  Outcome<> put_part(const Path& path, const json::value& value) {
    if (!is_list(path.attribute.name)) {
      object_at(path.attribute.name)[path.attribute.sub] = value;
      return {};
    }
    for (json::value& element : list_at(path.attribute.name))
      element.get_object()[path.attribute.sub] = value;
    return {};
  }

  Outcome<> put_list(Op op, const std::string& name, const json::value& value) {
    auto values = values_of(value, name);
    if (!values) return tl::unexpected<Problem>(values.error());
    if (op == Op::kReplace) {
      resource_[name] = std::move(*values);
      return {};
    }
    json::array& list = list_at(name);
    // A group may have thousands of members.
    std::unordered_map<std::string, size_t> places;
    for (size_t i = 0; i < list.size(); ++i) {
      if (!value_in(list[i]).empty()) places.emplace(value_in(list[i]), i);
    }
    for (json::value& each : *values) {
      // The newest is the primary one.
      const auto* primary = find_member(each.get_object(), "primary");
      if (primary != nullptr && *primary == json::value(true)) {
        for (json::value& other : list) other.get_object().erase("primary");
      }
      const std::string key(value_in(each));
      const auto found = places.find(key);
      if (found == places.end()) {
        if (!key.empty()) places.emplace(key, list.size());
        list.push_back(std::move(each));
      } else {
        list[found->second] = std::move(each);
      }
      if (list.size() > kMostValues)
        return refuse(400, "invalidValue", fmt::format("{} has too many values", name));
    }
    return {};
  }

  Kind kind_;
  json::object& resource_;
};

bool is_patch(const json::object& message) {
  const auto* schemas = find_member(message, "schemas");
  if (schemas == nullptr || !schemas->is_array()) return false;
  const auto& all = schemas->get_array();
  return std::any_of(all.begin(), all.end(), [](const json::value& schema) {
    return schema.is_string() && same_name(schema.get_string(), kMessage);
  });
}

}  // namespace

Outcome<> apply_patch(const json::object& message, Kind kind, json::object& resource) {
  if (!is_patch(message))
    return refuse(400, "invalidSyntax", fmt::format("schemas must name {}", kMessage));
  const auto* operations = find_member(message, "Operations");
  if (operations == nullptr || !operations->is_array())
    return refuse(400, "invalidSyntax", "Operations must be a list");
  if (operations->get_array().size() > kMostOperations)
    return refuse(400, "invalidValue", fmt::format("more than {} operations", kMostOperations));
  Patcher patcher(kind, resource);
  for (const json::value& operation : operations->get_array()) {
    if (const auto done = patcher.operation(operation); !done) return done;
  }
  return {};
}

}  // namespace sluice::scim
