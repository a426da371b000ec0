// What an identity provider sends: filters, patches and resources. The first byte says which.
#include <boost/json.hpp>

#include "input.h"
#include "scim/filter.h"
#include "scim/patch.h"
#include "scim/resource.h"

namespace {

using namespace sluice::scim;

void read_filter(std::string_view text, const boost::json::object& resource, Kind kind) {
  const auto filter = Filter::parse(text, kind);
  if (!filter) {
    require(filter.error().type == "invalidFilter");
    return;
  }
  // The same each time, and what it must be equal to it is.
  require(filter->matches(resource) == filter->matches(resource));
  const auto name = filter->must_equal("displayName");
  if (name && filter->matches(resource))
    require(same_name(*name, std::string_view(resource.at("displayName").get_string())));
}

void patch(std::string_view text, boost::json::object resource, Kind kind) {
  boost::json::error_code error;
  const auto message = boost::json::parse(text, error);
  if (error || !message.is_object()) return;
  const auto id = resource.at("id");
  if (!apply_patch(message.get_object(), kind, resource)) return;
  require(resource.at("id") == id);
  if (kind == Kind::kGroup) {
    if (const auto group = read_group(resource)) require(!group->display_name.empty());
  } else if (const auto user = read_user(resource)) {
    require(!user->user_name.empty() && user->user_name.size() <= 255 && user->active);
  }
}

void read(std::string_view text) {
  boost::json::error_code error;
  const auto body = boost::json::parse(text, error);
  if (error || !body.is_object()) return;
  if (const auto user = read_user(body.get_object())) {
    const auto again = read_user(to_json(*user, "b"));
    require(again && again->user_name == user->user_name && again->emails == user->emails &&
            again->active == user->active);
  }
  if (const auto group = read_group(body.get_object())) {
    const auto again = read_group(to_json(*group, "b"));
    require(again && again->members.size() == group->members.size());
  }
}

}  // namespace

FUZZ(bytes) {
  static const User user = [] {
    User made;
    made.meta.id = "u";
    made.user_name = "alice";
    made.display_name = "Alice";
    made.emails = {{"a@example.com", "work", true}, {"b@example.com", "home", false}};
    made.active = true;
    return made;
  }();
  static const Group group = [] {
    Group made;
    made.meta.id = "g";
    made.display_name = "ops";
    made.members = {{"a", "alice"}, {"b", "bob"}};
    return made;
  }();
  if (bytes.empty()) return;
  const std::string_view rest = bytes.substr(1);
  switch (bytes[0]) {
    case 'f':
      return read_filter(rest, to_json(user, "b"), Kind::kUser);
    case 'g':
      return read_filter(rest, to_json(group, "b"), Kind::kGroup);
    case 'p':
      return patch(rest, to_json(user, "b"), Kind::kUser);
    case 'q':
      return patch(rest, to_json(group, "b"), Kind::kGroup);
    default:
      return read(rest);
  }
}
