#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "scim/attributes.h"
#include "scim/problem.h"

namespace sluice::scim {

/// What every resource has.
struct Meta {
  std::string id;
  std::string external_id;  ///< what the identity provider calls it
  int64_t created_micros = 0;
  int64_t modified_micros = 0;
  int64_t version = 0;  ///< rises with every change
};

struct Email {
  std::string value, type;
  bool primary = false;
  bool operator==(const Email&) const = default;
};

/// Somebody or something that is named elsewhere.
struct Reference {
  std::string id, name;
  bool operator==(const Reference&) const = default;
};

/// A person whom an identity provider has put here (RFC 7643, section 4.1); what it sends beyond
/// this is not kept.
struct User {
  Meta meta;
  std::string user_name;
  std::string display_name, formatted, given_name, family_name;
  std::vector<Email> emails;
  /// Nothing: was not said, and stays as it is.
  std::optional<bool> active;
  std::vector<Reference> groups;  ///< read only
};

/// RFC 7643, section 4.2. Members are users; groups within groups are not kept.
struct Group {
  Meta meta;
  std::string display_name;
  std::vector<Reference> members;
};

/// RFC 7644, section 3.1. `base` stands before the paths of resources: "https://host/scim/v2".
boost::json::object to_json(const User& user, std::string_view base);
boost::json::object to_json(const Group& group, std::string_view base);

/// Reads what a client sends, or what a PATCH has made. Names of attributes may be of any case;
/// those that are not known are passed over, and so is what only the gateway may say (id, meta,
/// groups). Errors: invalidValue for one of the wrong type, missing, or too long.
Outcome<User> read_user(const boost::json::object& body);
Outcome<Group> read_group(const boost::json::object& body);

/// "true" and "false" as Microsoft Entra ID sends them count too: {"active": "False"}.
std::optional<bool> truth_of(const boost::json::value& value);

/// `W/"7"`, for ETag and meta.version.
std::string etag_of(int64_t version);
/// Whether If-Match or If-None-Match names it (RFC 9110, section 13.1).
bool names_etag(std::string_view header, int64_t version);

/// The resource with those attributes alone that were asked for (RFC 7644, section 3.9): names
/// separated by commas, empty for no wish. `schemas` and `id` are always there.
void keep_attributes(boost::json::object& resource, std::string_view attributes,
                     std::string_view excluded, Kind kind);

}  // namespace sluice::scim
