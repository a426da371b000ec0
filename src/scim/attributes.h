#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

// Names of attributes, which are the same in any case (RFC 7643, section 2.1). Internal to the
// room but for the two kinds of resources.

namespace sluice::scim {

enum class Kind : uint8_t { kUser, kGroup };

inline constexpr std::string_view kUserSchema = "urn:ietf:params:scim:schemas:core:2.0:User";
inline constexpr std::string_view kGroupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// ASCII alone: what is beyond is compared as it is.
std::string lower(std::string_view text);
bool same_name(std::string_view a, std::string_view b);

/// An attribute of a resource, and of its parts: "emails" and "value".
struct AttributePath {
  std::string name;  ///< as it is written here, "userName"; unchanged if it is not kept
  std::string sub;   ///< the same; empty: none
  bool kept = true;  ///< one that this gateway keeps, or makes

  bool operator==(const AttributePath&) const = default;
};

/// Reads "name.familyName", also behind the URN of a schema. Empty names stay empty.
AttributePath attribute_path(std::string_view text, Kind kind);

/// The member of that name, in any case; null if there is none.
const boost::json::value* find_member(const boost::json::object& object, std::string_view name);

}  // namespace sluice::scim
