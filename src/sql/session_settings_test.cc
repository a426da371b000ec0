// Settings that are looked at.
#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "sql/analyse.h"

namespace sluice::sql {
namespace {

/// Whether what a password may stand in is read, by a login that may see one or that may not.
bool reads_settings(const std::string& text, bool secret) {
  catalog::Catalog::Contents contents;
  catalog::Relation settings;
  settings.oid = 12000;
  settings.schema = "pg_catalog";
  settings.name = "pg_settings";
  settings.kind = catalog::RelationKind::kView;
  settings.columns = {{.number = 1, .name = "name", .type = 25, .type_name = "text"},
                      {.number = 2, .name = "setting", .type = 25, .type_name = "text"}};
  contents.relations.push_back(settings);
  if (secret) contents.secret_settings = {"primary_conninfo"};
  Scope scope;
  scope.catalog = std::make_shared<const catalog::Catalog>(std::move(contents));
  scope.search_path = {"pg_catalog", "public"};
  const auto facts = analyse(text, {}, scope);
  return std::any_of(facts->actions.begin(), facts->actions.end(), [](const Action& action) {
    return action.kind == ActionKind::kRead &&
           std::any_of(action.targets.begin(), action.targets.end(),
                       [](const Object& object) { return object.name == "pg_settings"; });
  });
}

TEST(Settings, ThatHoldPasswordsAreRead) {
  for (const char* text :
       {"SHOW primary_conninfo", "SHOW \"Primary_ConnInfo\"", "SHOW ALL", "SHOW all",
        "SELECT current_setting('primary_conninfo')", "SELECT current_setting('PRIMARY_CONNINFO')",
        "SELECT pg_catalog.current_setting(chr(112) || 'rimary_conninfo', true)",
        "SELECT current_setting(name) FROM pg_settings", "SELECT setting FROM pg_settings",
        "SELECT * FROM pg_show_all_settings()", "PREPARE p AS SELECT current_setting($1)",
        "DO $$BEGIN PERFORM current_setting('primary_conninfo'); END$$"}) {
    EXPECT_TRUE(reads_settings(text, true)) << text;
    EXPECT_FALSE(reads_settings(text, false)) << text;
  }
}

TEST(Settings, OfOthersAreNot) {
  for (const char* text : {"SHOW work_mem", "SELECT current_setting('work_mem')",
                           "SELECT current_setting('app.user'::text, true)", "SELECT 1"})
    EXPECT_FALSE(reads_settings(text, true)) << text;
}

}  // namespace
}  // namespace sluice::sql
