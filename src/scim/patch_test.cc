#include "scim/patch.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scim/resource.h"
#include "scim/schemas.h"

namespace sluice::scim {
namespace {

namespace json = boost::json;

constexpr std::string_view kBase = "https://gateway.example/scim/v2";

User alice() {
  User user;
  user.meta = {"id-1", "ext-1", 1'700'000'000'000'000, 1'700'000'001'000'000, 3};
  user.user_name = "alice";
  user.display_name = "Alice";
  user.given_name = "Alice";
  user.emails = {{"alice@example.com", "work", true}};
  user.active = true;
  user.groups = {{"g-1", "engineering"}};
  return user;
}

Group group() {
  Group group;
  group.meta.id = "g-1";
  group.display_name = "engineering";
  group.members = {{"a", "alice"}, {"b", "bob"}, {"c", "carol"}};
  return group;
}

std::string message(std::string_view operations) {
  return R"({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": )" +
         std::string(operations) + "}";
}

Outcome<User> patched(std::string_view operations) {
  json::object resource = to_json(alice(), kBase);
  if (const auto done =
          apply_patch(json::parse(message(operations)).as_object(), Kind::kUser, resource);
      !done)
    return tl::unexpected<Problem>(done.error());
  return read_user(resource);
}

std::string members(std::string_view operations) {
  json::object resource = to_json(group(), kBase);
  if (const auto done =
          apply_patch(json::parse(message(operations)).as_object(), Kind::kGroup, resource);
      !done)
    return done.error().type;
  const auto read = read_group(resource);
  if (!read) return read.error().type;
  std::string out = read->display_name + ":";
  for (const auto& member : read->members) out += " " + member.id;
  return out;
}

TEST(ScimPatch, DeactivatesAsTheFieldSendsIt) {
  for (
      const char* operations :
      {R"([{"op": "Replace", "path": "active", "value": "False"}])",  // Entra ID
       R"([{"op": "replace", "path": "active", "value": false}])",
       R"([{"op": "replace", "value": {"active": false}}])",  // Okta
       R"([{"op": "Add", "path": "active", "value": "false"}])",
       R"([{"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": "False"}])",
       R"([{"op": "replace", "value": {"id": "id-1", "Active": "FALSE"}}])"}) {
    const auto user = patched(operations);
    ASSERT_TRUE(user) << operations << user.error().detail;
    EXPECT_EQ(user->active, std::optional(false)) << operations;
    EXPECT_EQ(user->user_name, "alice");
  }
  for (const char* operations : {R"([{"op": "remove", "path": "active"}])",
                                 R"([{"op": "replace", "path": "active", "value": null}])",
                                 R"([{"op": "replace", "path": "active", "value": "no"}])",
                                 R"([{"op": "replace", "path": "active", "value": 0}])",
                                 R"([{"op": "replace", "path": "active"}])"})
    EXPECT_FALSE(patched(operations)) << operations;
}

TEST(ScimPatch, ChangesPartsOfUsers) {
  const auto user = patched(R"([
    {"op": "replace", "path": "name.familyName", "value": "Adams"},
    {"op": "add", "value": {"name.formatted": "Alice Adams", "displayName": "A. Adams",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "x"}},
    {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@example.com"},
    {"op": "Add", "path": "emails[type eq \"home\"].value", "value": "a@home.example"},
    {"op": "replace", "path": "title", "value": "Dr"},
    {"op": "replace", "path": "addresses[type eq \"work\"].locality", "value": "Bonn"},
    {"op": "replace", "path": "userName", "value": "aadams"}])");
  ASSERT_TRUE(user) << user.error().detail;
  EXPECT_EQ(user->family_name, "Adams");
  EXPECT_EQ(user->given_name, "Alice");
  EXPECT_EQ(user->formatted, "Alice Adams");
  EXPECT_EQ(user->display_name, "A. Adams");
  EXPECT_EQ(user->user_name, "aadams");
  EXPECT_EQ(user->emails, (std::vector<Email>{{"a@example.com", "work", true},
                                              {"a@home.example", "home", false}}));
  const auto less = patched(R"([{"op": "remove", "path": "emails[type eq \"work\"]"},
                                {"op": "remove", "path": "name.givenName"},
                                {"op": "replace", "path": "displayName", "value": null}])");
  ASSERT_TRUE(less);
  EXPECT_TRUE(less->emails.empty());
  EXPECT_EQ(less->given_name + less->display_name, "");
}

TEST(ScimPatch, ChangesMembers) {
  EXPECT_EQ(members(R"([{"op": "remove", "path": "members[value eq \"b\"]"}])"),
            "engineering: a c");
  EXPECT_EQ(
      members(
          R"([{"op": "Remove", "path": "members", "value": [{"value": "a"}, {"value": "x"}]}])"),
      "engineering: b c");
  EXPECT_EQ(members(R"([{"op": "remove", "path": "members"}])"), "engineering:");
  EXPECT_EQ(
      members(
          R"([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": "d"}, {"value": "a"}]}])"),
      "engineering: a b c d");
  EXPECT_EQ(
      members(R"([{"op": "add", "path": "members", "value": {"value": "d", "display": "dora"}}])"),
      "engineering: a b c d");
  EXPECT_EQ(
      members(
          R"([{"op": "add", "path": "members", "value": [{"value": "d"}, {"value": "b"}, {"value": "d"}]}])"),
      "engineering: a b c d");
  EXPECT_EQ(members(R"([{"op": "replace", "path": "members", "value": []}])"), "engineering:");
  EXPECT_EQ(members(R"([{"op": "replace", "value": {"id": "g-1", "displayName": "ops"}}])"),
            "ops: a b c");
  EXPECT_EQ(members(R"([{"op": "remove", "path": "members[value eq \"nobody\"]"}])"),
            "engineering: a b c");
  EXPECT_EQ(members(R"([{"op": "remove", "path": "displayName"}])"), "mutability");
  EXPECT_EQ(members(R"([{"op": "add", "path": "members", "value": "a"}])"), "invalidValue");
  EXPECT_EQ(members(R"([{"op": "add", "path": "members", "value": [{"display": "a"}]}])"),
            "invalidValue");
}

TEST(ScimPatch, Threat70_ThousandsOfMembersAreQuicklyChanged) {
  json::array members;
  for (int i = 0; i < 20'000; ++i)
    members.push_back(json::object{{"value", fmt::format("u-{:08}", i)}});
  json::object group;
  group["displayName"] = "all";
  group["members"] = members;
  std::reverse(members.begin(), members.end());
  const auto change = [&](std::string_view op) {
    const std::string operations = fmt::format(
        R"([{{"op": "{}", "path": "members", "value": {}}}])", op, json::serialize(members));
    return apply_patch(json::parse(message(operations)).as_object(), Kind::kGroup, group);
  };
  const auto began = std::clock();
  ASSERT_TRUE(change("add"));
  EXPECT_EQ(group["members"].as_array().size(), members.size());
  ASSERT_TRUE(change("remove"));
  EXPECT_TRUE(group["members"].as_array().empty());
  // Of the processor; compared one by one they take more than twice that.
  EXPECT_LT(std::clock() - began, 5 * CLOCKS_PER_SEC);
}

TEST(ScimPatch, RefusesWhatMayNotBeOrMakesNoSense) {
  const auto type = [](std::string_view operations) {
    const auto user = patched(operations);
    return user ? std::string("none") : user.error().type;
  };
  EXPECT_EQ(type(R"([{"op": "replace", "path": "id", "value": "x"}])"), "mutability");
  EXPECT_EQ(type(R"([{"op": "add", "path": "groups", "value": [{"value": "g"}]}])"), "mutability");
  EXPECT_EQ(type(R"([{"op": "replace", "path": "meta.version", "value": "x"}])"), "mutability");
  EXPECT_EQ(type(R"([{"op": "remove"}])"), "noTarget");
  EXPECT_EQ(type(R"([{"op": "replace", "path": "emails[value co \"zz\"].type", "value": "x"}])"),
            "noTarget");
  EXPECT_EQ(type(R"([{"op": "replace", "path": "emails[type eq", "value": "x"}])"), "invalidPath");
  EXPECT_EQ(type(R"([{"op": "replace", "path": "emails[type is \"x\"]", "value": {}}])"),
            "invalidFilter");
  EXPECT_EQ(type(R"([{"op": "move", "path": "active", "value": true}])"), "invalidSyntax");
  EXPECT_EQ(type(R"([{"op": "add", "value": "x"}])"), "invalidValue");
  EXPECT_EQ(type(R"([5])"), "invalidSyntax");
  EXPECT_EQ(type(R"({})"), "invalidSyntax");
  EXPECT_EQ(type(R"([{"op": "replace", "path": "userName", "value": ["x"]}])"), "invalidValue");
  json::object resource = to_json(alice(), kBase);
  EXPECT_FALSE(apply_patch(json::object{{"Operations", json::array()}}, Kind::kUser, resource));
}

TEST(ScimResource, IsReadAsItWasWritten) {
  const auto read = read_user(to_json(alice(), kBase));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->user_name, "alice");
  EXPECT_EQ(read->emails, alice().emails);
  EXPECT_EQ(read->meta.external_id, "ext-1");
  EXPECT_EQ(read->meta.id, "") << "only the gateway says that";
  EXPECT_TRUE(read->groups.empty());
  const auto body = to_json(alice(), kBase);
  EXPECT_EQ(body.at("meta").at("location").as_string(),
            "https://gateway.example/scim/v2/Users/id-1");
  EXPECT_EQ(body.at("meta").at("version").as_string(), "W/\"3\"");
  EXPECT_EQ(body.at("groups").at(0).at("$ref").as_string(),
            "https://gateway.example/scim/v2/Groups/g-1");
  EXPECT_EQ(to_json(group(), kBase).at("members").as_array().size(), 3U);
}

TEST(ScimResource, BadValuesAreRefused) {
  const std::string text(300, 'x');
  for (const std::string& body :
       {std::string("{}"), std::string(R"({"userName": ""})"), std::string(R"({"userName": 5})"),
        std::string(R"({"userName": "a\nb"})"), R"({"userName": ")" + text + "\"}",
        std::string(R"({"userName": "a", "active": 1})"),
        std::string(R"({"userName": "a", "emails": "x"})"),
        std::string(R"({"userName": "a", "emails": ["x"]})"),
        std::string(R"({"userName": "a", "name": "x"})")}) {
    const auto user = read_user(json::parse(body).as_object());
    ASSERT_FALSE(user) << body;
    EXPECT_EQ(user.error().type, "invalidValue");
  }
  EXPECT_TRUE(
      read_user(json::parse(R"({"USERNAME": "a", "password": "secret", "x": [{}]})").as_object()));
}

TEST(ScimResource, TellsVersionsAndParts) {
  EXPECT_TRUE(names_etag("W/\"3\"", 3));
  EXPECT_TRUE(names_etag("\"1\", W/\"3\"", 3));
  EXPECT_TRUE(names_etag("*", 3));
  EXPECT_FALSE(names_etag("W/\"4\"", 3));
  EXPECT_FALSE(names_etag("3", 3));
  json::object some = to_json(alice(), kBase);
  keep_attributes(some, "username, name.givenName", "", Kind::kUser);
  EXPECT_EQ(some.size(), 4U) << json::serialize(some);
  json::object few = to_json(group(), kBase);
  keep_attributes(few, "", "Members,id", Kind::kGroup);
  EXPECT_TRUE(few.contains("id"));
  EXPECT_FALSE(few.contains("members"));
}

TEST(ScimSchemas, SayWhatThereIs) {
  const auto config = service_provider_config(kBase);
  EXPECT_EQ(config.at("authenticationSchemes").at(0).at("type").as_string(), "oauthbearertoken");
  EXPECT_EQ(config.at("patch").at("supported").as_bool(), true);
  EXPECT_EQ(resource_types(kBase).at(1).at("schema").as_string(), kGroupSchema);
  EXPECT_EQ(schemas(kBase).at(0).at("attributes").at(1).at("subAttributes").at(0).at("name"),
            "formatted");
  const auto list = list_response(schemas(kBase), 2, 1);
  EXPECT_EQ(list.at("totalResults"), 2);
  EXPECT_EQ(list.at("Resources").as_array().size(), 2U);
}

}  // namespace
}  // namespace sluice::scim
