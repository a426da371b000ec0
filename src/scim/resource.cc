#include "scim/resource.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"

namespace sluice::scim {
namespace {

namespace json = boost::json;

constexpr size_t kLongestText = 255;
constexpr size_t kMostEmails = 20;
constexpr size_t kMostMembers = 20'000;

tl::unexpected<Problem> invalid(std::string detail) {
  return refuse(400, "invalidValue", std::move(detail));
}

bool printable(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(),
                                       [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

/// Nothing or null leaves it empty.
Outcome<> read_text(const json::object& from, std::string_view name, std::string& out) {
  const json::value* value = find_member(from, name);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_string()) return invalid(fmt::format("{} must be a text", name));
  const json::string& text = value->get_string();
  if (text.size() > kLongestText || !printable(text))
    return invalid(fmt::format("{} must be printable, of at most {} bytes", name, kLongestText));
  out = text;
  return {};
}

#define SCIM_TRY(expr) \
  if (auto tried = (expr); !tried) return tl::unexpected<Problem>(std::move(tried).error())

/// Also a single one that does not stand in a list.
Outcome<std::vector<const json::object*>> read_list(const json::object& from, std::string_view name,
                                                    size_t most) {
  std::vector<const json::object*> out;
  const json::value* value = find_member(from, name);
  if (value == nullptr || value->is_null()) return out;
  if (value->is_object()) return std::vector{&value->get_object()};
  if (!value->is_array()) return invalid(fmt::format("{} must be a list", name));
  const json::array& all = value->get_array();
  if (all.size() > most) return invalid(fmt::format("{} has more than {} values", name, most));
  for (const json::value& each : all) {
    if (!each.is_object()) return invalid(fmt::format("each of {} must be an object", name));
    out.push_back(&each.get_object());
  }
  return out;
}

json::object meta_json(const Meta& meta, std::string_view type, std::string_view base) {
  return {{"resourceType", type},
          {"created", format_time(meta.created_micros)},
          {"lastModified", format_time(meta.modified_micros)},
          {"location", fmt::format("{}/{}s/{}", base, type, meta.id)},
          {"version", etag_of(meta.version)}};
}

void put(json::object& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out[name] = text;
}

json::array references(const std::vector<Reference>& all, std::string_view base,
                       std::string_view folder) {
  json::array out;
  for (const Reference& each : all) {
    out.push_back(json::object{{"value", each.id},
                               {"display", each.name},
                               {"$ref", fmt::format("{}/{}/{}", base, folder, each.id)}});
  }
  return out;
}

Outcome<> read_emails(const json::object& body, std::vector<Email>& out) {
  const auto all = read_list(body, "emails", kMostEmails);
  if (!all) return tl::unexpected<Problem>(all.error());
  for (const json::object* each : *all) {
    Email email;
    SCIM_TRY(read_text(*each, "value", email.value));
    SCIM_TRY(read_text(*each, "type", email.type));
    if (const auto* primary = find_member(*each, "primary"))
      email.primary = truth_of(*primary).value_or(false);
    if (!email.value.empty()) out.push_back(std::move(email));
  }
  return {};
}

}  // namespace

std::optional<bool> truth_of(const json::value& value) {
  if (value.is_bool()) return value.get_bool();
  if (!value.is_string()) return std::nullopt;
  const std::string text = lower(value.get_string());
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

json::object to_json(const User& user, std::string_view base) {
  json::object out{{"schemas", json::array{kUserSchema}}, {"id", user.meta.id}};
  put(out, "externalId", user.meta.external_id);
  out["userName"] = user.user_name;
  json::object name;
  put(name, "formatted", user.formatted);
  put(name, "familyName", user.family_name);
  put(name, "givenName", user.given_name);
  if (!name.empty()) out["name"] = std::move(name);
  put(out, "displayName", user.display_name);
  if (user.active) out["active"] = *user.active;
  if (!user.emails.empty()) {
    json::array emails;
    for (const Email& email : user.emails) {
      json::object each{{"value", email.value}};
      put(each, "type", email.type);
      if (email.primary) each["primary"] = true;
      emails.push_back(std::move(each));
    }
    out["emails"] = std::move(emails);
  }
  if (!user.groups.empty()) out["groups"] = references(user.groups, base, "Groups");
  out["meta"] = meta_json(user.meta, "User", base);
  return out;
}

json::object to_json(const Group& group, std::string_view base) {
  json::object out{{"schemas", json::array{kGroupSchema}}, {"id", group.meta.id}};
  put(out, "externalId", group.meta.external_id);
  out["displayName"] = group.display_name;
  out["members"] = references(group.members, base, "Users");
  out["meta"] = meta_json(group.meta, "Group", base);
  return out;
}

Outcome<User> read_user(const json::object& body) {
  User user;
  SCIM_TRY(read_text(body, "userName", user.user_name));
  if (user.user_name.empty()) return invalid("userName is missing");
  SCIM_TRY(read_text(body, "externalId", user.meta.external_id));
  SCIM_TRY(read_text(body, "displayName", user.display_name));
  if (const auto* name = find_member(body, "name"); name != nullptr && !name->is_null()) {
    if (!name->is_object()) return invalid("name must be an object");
    SCIM_TRY(read_text(name->get_object(), "formatted", user.formatted));
    SCIM_TRY(read_text(name->get_object(), "familyName", user.family_name));
    SCIM_TRY(read_text(name->get_object(), "givenName", user.given_name));
  }
  if (const auto* active = find_member(body, "active"); active != nullptr && !active->is_null()) {
    user.active = truth_of(*active);
    if (!user.active) return invalid("active must be true or false");
  }
  SCIM_TRY(read_emails(body, user.emails));
  return user;
}

Outcome<Group> read_group(const json::object& body) {
  Group group;
  SCIM_TRY(read_text(body, "displayName", group.display_name));
  if (group.display_name.empty()) return invalid("displayName is missing");
  SCIM_TRY(read_text(body, "externalId", group.meta.external_id));
  const auto all = read_list(body, "members", kMostMembers);
  if (!all) return tl::unexpected<Problem>(all.error());
  for (const json::object* each : *all) {
    Reference member;
    SCIM_TRY(read_text(*each, "value", member.id));
    if (member.id.empty()) return invalid("a member without a value");
    group.members.push_back(std::move(member));
  }
  std::sort(group.members.begin(), group.members.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  group.members.erase(std::unique(group.members.begin(), group.members.end()), group.members.end());
  return group;
}

std::string etag_of(int64_t version) { return fmt::format("W/\"{}\"", version); }

bool names_etag(std::string_view header, int64_t version) {
  const std::string strong = fmt::format("\"{}\"", version);
  while (!header.empty()) {
    const size_t comma = std::min(header.find(','), header.size());
    std::string_view each = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    while (each.starts_with(' ')) each.remove_prefix(1);
    while (each.ends_with(' ')) each.remove_suffix(1);
    if (each.starts_with("W/")) each.remove_prefix(2);
    if (each == "*" || each == strong) return true;
  }
  return false;
}

void keep_attributes(json::object& resource, std::string_view attributes, std::string_view excluded,
                     Kind kind) {
  const auto names = [kind](std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
      const size_t comma = std::min(text.find(','), text.size());
      std::string_view each = text.substr(0, comma);
      text.remove_prefix(std::min(comma + 1, text.size()));
      while (each.starts_with(' ')) each.remove_prefix(1);
      while (each.ends_with(' ')) each.remove_suffix(1);
      out.push_back(attribute_path(each, kind).name);
    }
    return out;
  };
  const auto wanted = names(attributes);
  const auto unwanted = names(excluded);
  const auto in = [](const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  json::object out;
  for (auto& [key, value] : resource) {
    const bool always = key == "schemas" || key == "id";
    if (always || (wanted.empty() ? !in(unwanted, key) : in(wanted, key)))
      out[key] = std::move(value);
  }
  resource = std::move(out);
}

}  // namespace sluice::scim
