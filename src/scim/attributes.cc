#include "scim/attributes.h"

#include <algorithm>
#include <array>
#include <span>

namespace sluice::scim {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 10> kOfUsers = {
    "schemas", "id",     "externalId", "userName", "displayName",
    "name",    "active", "emails",     "groups",   "meta"};
constexpr std::array<std::string_view, 6> kOfGroups = {"schemas",     "id",      "externalId",
                                                       "displayName", "members", "meta"};
constexpr std::array<std::string_view, 12> kParts = {
    "value",      "type",      "primary",      "display", "$ref",         "formatted",
    "familyName", "givenName", "resourceType", "created", "lastModified", "version"};

const std::string_view* find_name(Names names, std::string_view name) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](auto known) { return same_name(known, name); });
  return found == names.end() ? nullptr : &*found;
}

bool has_parts(std::string_view name) {
  return name == "name" || name == "emails" || name == "members" || name == "groups" ||
         name == "meta";
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lower(a) == lower(b);
}

AttributePath attribute_path(std::string_view text, Kind kind) {
  AttributePath path;
  // An extension's URN is part of a name that is not kept.
  const std::string_view own = kind == Kind::kUser ? kUserSchema : kGroupSchema;
  if (text.size() > own.size() && text[own.size()] == ':' &&
      same_name(text.substr(0, own.size()), own))
    text.remove_prefix(own.size() + 1);
  const bool foreign = text.find(':') != std::string_view::npos;
  const size_t dot = foreign ? std::string_view::npos : text.find('.');
  path.name = text.substr(0, dot);
  if (dot != std::string_view::npos) path.sub = text.substr(dot + 1);
  const auto* name = find_name(kind == Kind::kUser ? Names(kOfUsers) : Names(kOfGroups), path.name);
  const auto* part = path.sub.empty() ? nullptr : find_name(kParts, path.sub);
  if (name != nullptr) path.name = *name;
  if (part != nullptr) path.sub = *part;
  path.kept = name != nullptr && (path.sub.empty() || (part != nullptr && has_parts(*name)));
  return path;
}

const boost::json::value* find_member(const boost::json::object& object, std::string_view name) {
  if (const auto* exact = object.if_contains(name)) return exact;
  for (const auto& [key, value] : object) {
    if (same_name(key, name)) return &value;
  }
  return nullptr;
}

}  // namespace sluice::scim
