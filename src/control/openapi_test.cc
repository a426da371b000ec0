#include "control/openapi.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "control/audit_api.h"
#include "control/routes.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

std::string key_of(const Route& route) {
  return std::string(route.method) + " " + std::string(route.path.substr(7));
}

/// Every $ref below a value.
void collect_refs(const json::value& value, std::set<std::string>& refs) {
  if (value.is_array()) {
    for (const auto& each : value.get_array()) collect_refs(each, refs);
  }
  if (!value.is_object()) return;
  for (const auto& [name, each] : value.get_object()) {
    if (name == "$ref") refs.emplace(each.as_string());
    collect_refs(each, refs);
  }
}

TEST(Openapi, DescribesEveryRouteAndNoOther) {
  const json::object said = json::parse(openapi_text()).as_object();
  const auto& operations = said.at("operations").as_object();
  const json::object audit = audit_openapi();
  std::set<std::string> known, ids;
  for (const Route& route : routes()) {
    const bool elsewhere = audit.at("paths").as_object().contains(route.path);
    EXPECT_TRUE(elsewhere || operations.contains(key_of(route)))
        << "openapi.json says nothing of " << key_of(route);
    known.insert(key_of(route));
  }
  for (const auto& [key, operation] : operations) {
    EXPECT_TRUE(known.contains(std::string(key))) << "there is no " << key;
    EXPECT_TRUE(ids.emplace(operation.as_object().at("id").as_string()).second) << key;
    const auto& one = operation.as_object();
    EXPECT_TRUE(one.contains("answers") || one.contains("type")) << key;
  }
}

TEST(Openapi, WhatItRefersToIsThere) {
  const json::value document = openapi();
  std::set<std::string> refs;
  collect_refs(document, refs);
  EXPECT_FALSE(refs.empty());
  for (const auto& ref : refs) {
    ASSERT_EQ(ref.substr(0, 2), "#/");
    boost::json::error_code error;
    EXPECT_NE(document.find_pointer(ref.substr(1), error), nullptr) << ref;
  }
}

}  // namespace
}  // namespace sluice::control
