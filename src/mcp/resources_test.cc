#include "mcp/resources.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::mcp {
namespace {

using ::testing::HasSubstr;

TEST(McpResources, AddressesAreRead) {
  const auto databases = parse_resource("sluice://databases");
  ASSERT_TRUE(databases);
  EXPECT_EQ(databases->kind, ResourceKind::kDatabases);
  const auto schema = parse_resource("sluice://databases/orders/schema");
  ASSERT_TRUE(schema);
  EXPECT_EQ(schema->kind, ResourceKind::kSchema);
  EXPECT_EQ(schema->database, "orders");
  const auto table = parse_resource("sluice://databases/a%2Fb/tables/public/Caf%C3%A9");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->kind, ResourceKind::kTable);
  EXPECT_EQ(table->database, "a/b");
  EXPECT_EQ(table->schema, "public");
  EXPECT_EQ(table->table, "Caf\xC3\xA9");
}

TEST(McpResources, Threat94_WhatIsNoAddressIsRefused) {
  for (const char* uri :
       {"", "databases", "sluice://", "sluice://databases/", "sluice://databases//schema",
        "sluice://databases/orders", "sluice://databases/orders/schema/", "file:///etc/passwd",
        "sluice://databases/../history", "sluice://databases/%/schema",
        "sluice://databases/%0/schema", "sluice://databases/%zz/schema",
        "sluice://databases/%00/schema", "sluice://databases/%+1/schema", "sluice://history/alice",
        "SLUICE://history", "sluice://databases/a/tables/b"}) {
    const auto wanted = parse_resource(uri);
    ASSERT_FALSE(wanted) << uri;
    EXPECT_EQ(wanted.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(wanted.error().text, HasSubstr("sluice://databases/{database}/schema"));
  }
}

TEST(McpResources, WhatIsListedCanBeRead) {
  std::set<std::string> uris;
  for (const auto& each : list_resources({"orders", "a b/c"})) {
    const auto& resource = each.as_object();
    const std::string uri(resource.at("uri").as_string());
    EXPECT_TRUE(uris.insert(uri).second) << uri;
    EXPECT_TRUE(parse_resource(uri)) << uri;
    EXPECT_FALSE(resource.at("description").as_string().empty());
  }
  EXPECT_TRUE(uris.contains("sluice://databases/a%20b%2Fc/schema"));
  EXPECT_EQ(uris.size(), 3U + 2U * 2U);
  EXPECT_EQ(list_templates().size(), 3U);
}

TEST(McpResources, ParametersOfTemplates) {
  EXPECT_TRUE(template_has("sluice://databases/{database}/schema", "database"));
  EXPECT_FALSE(template_has("sluice://databases/{database}/schema", "table"));
  EXPECT_FALSE(template_has("sluice://history", "database"));
  EXPECT_FALSE(template_has("sluice://elsewhere/{database}", "database"));
}

}  // namespace
}  // namespace sluice::mcp
