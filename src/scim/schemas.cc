#include "scim/schemas.h"

#include <fmt/format.h>

#include "scim/attributes.h"

namespace sluice::scim {
namespace {

namespace json = boost::json;

constexpr std::string_view kSchemaSchema = "urn:ietf:params:scim:schemas:core:2.0:Schema";
constexpr std::string_view kTypeSchema = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
constexpr std::string_view kConfigSchema =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// One attribute as a schema tells of it; what is not said is the default of RFC 7643, section 2.2.
struct Told {
  std::string_view name, type = "string", description;
  bool many = false, required = false, exact = false;
  std::string_view mutability = "readWrite", uniqueness = "none";
};

json::object attribute(const Told& told, json::array parts = {}) {
  json::object out{{"name", told.name},
                   {"type", told.type},
                   {"multiValued", told.many},
                   {"description", told.description},
                   {"required", told.required},
                   {"caseExact", told.exact},
                   {"mutability", told.mutability},
                   {"returned", "default"},
                   {"uniqueness", told.uniqueness}};
  if (!parts.empty()) out["subAttributes"] = std::move(parts);
  return out;
}

json::array references(std::string_view mutability, std::string_view of) {
  return {attribute({"value", "string", "id", false, false, true, mutability}),
          attribute({"display", "string", "Name", false, false, false, "readOnly"}),
          attribute({"$ref", "reference", of, false, false, true, "readOnly"})};
}

json::array of_users() {
  return {
      attribute({"userName", "string", "Name with which somebody logs in; at most 63 bytes", false,
                 true, false, "readWrite", "server"}),
      attribute({"name", "complex", "Parts of the name"},
                {attribute({"formatted", "string", "The whole name"}),
                 attribute({"familyName", "string", "Family name"}),
                 attribute({"givenName", "string", "Given name"})}),
      attribute({"displayName", "string", "Name for people"}),
      attribute({"active", "boolean", "Whether they may log in"}),
      attribute({"emails", "complex", "Mail addresses", true},
                {attribute({"value", "string", "Address"}), attribute({"type", "string", "Kind"}),
                 attribute({"primary", "boolean", "The main one"})}),
      attribute({"groups", "complex", "Groups they are in", true, false, false, "readOnly"},
                references("readOnly", "Group"))};
}

json::array of_groups() {
  return {attribute({"displayName", "string", "Name of the group in policies; at most 63 bytes",
                     false, true, true, "readWrite", "server"}),
          attribute({"members", "complex", "Users of this endpoint", true},
                    references("immutable", "User"))};
}

json::object schema(std::string_view id, std::string_view name, std::string_view base,
                    json::array attributes) {
  return {
      {"schemas", json::array{kSchemaSchema}},
      {"id", id},
      {"name", name},
      {"description", name},
      {"attributes", std::move(attributes)},
      {"meta", {{"resourceType", "Schema"}, {"location", fmt::format("{}/Schemas/{}", base, id)}}}};
}

json::object type(std::string_view name, std::string_view id, std::string_view base) {
  return {{"schemas", json::array{kTypeSchema}},
          {"id", name},
          {"name", name},
          {"endpoint", fmt::format("/{}s", name)},
          {"description", name},
          {"schema", id},
          {"meta",
           {{"resourceType", "ResourceType"},
            {"location", fmt::format("{}/ResourceTypes/{}", base, name)}}}};
}

}  // namespace

json::object service_provider_config(std::string_view base) {
  const json::object no{{"supported", false}};
  return {{"schemas", json::array{kConfigSchema}},
          {"patch", {{"supported", true}}},
          {"bulk", {{"supported", false}, {"maxOperations", 0}, {"maxPayloadSize", 0}}},
          {"filter", {{"supported", true}, {"maxResults", 1000}}},
          {"changePassword", no},
          {"sort", no},
          {"etag", {{"supported", true}}},
          {"authenticationSchemes",
           json::array{{{"type", "oauthbearertoken"},
                        {"name", "Bearer token"},
                        {"description", "A token from: sluice scim token create"},
                        {"primary", true}}}},
          {"meta",
           {{"resourceType", "ServiceProviderConfig"},
            {"location", fmt::format("{}/ServiceProviderConfig", base)}}}};
}

json::array resource_types(std::string_view base) {
  return {type("User", kUserSchema, base), type("Group", kGroupSchema, base)};
}

json::array schemas(std::string_view base) {
  return {schema(kUserSchema, "User", base, of_users()),
          schema(kGroupSchema, "Group", base, of_groups())};
}

json::object list_response(json::array resources, size_t total, size_t start) {
  return {{"schemas", json::array{"urn:ietf:params:scim:api:messages:2.0:ListResponse"}},
          {"totalResults", total},
          {"startIndex", start},
          {"itemsPerPage", resources.size()},
          {"Resources", std::move(resources)}};
}

}  // namespace sluice::scim
