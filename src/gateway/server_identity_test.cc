#include "gateway/server_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/analyse.h"

namespace sluice::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

policy::Principal principal(std::string user, std::vector<std::string> groups = {},
                            policy::PrincipalKind kind = policy::PrincipalKind::kHuman) {
  policy::Principal made;
  made.user = std::move(user);
  made.groups = std::move(groups);
  made.kind = kind;
  return made;
}

config::ServerIdentityConfig both() {
  config::ServerIdentityConfig config;
  config.settings = true;
  config.roles = {{{}, {"readers"}, {}, "app_reader"}};
  return config;
}

/// What is said of a text, or "allowed".
std::string said(const config::ServerIdentityConfig& config, std::string_view text) {
  const auto facts = sql::analyse(text, {}, {});
  EXPECT_EQ(facts->unanalysable, "") << text;
  const auto refused = changes_identity(config, *facts);
  return refused ? refused->message : "allowed";
}

TEST(ServerIdentity, TheFirstRoleThatFitsCounts) {
  config::ServerIdentityConfig config;
  EXPECT_EQ(*role_at_server(config, principal("dora")), "");
  config.roles = {{{"root"}, {}, {}, "app_admin"},
                  {{}, {"ops"}, {"human"}, "app_ops"},
                  {{}, {"readers", "ops"}, {}, "app_reader"}};
  EXPECT_EQ(*role_at_server(config, principal("root", {"readers"})), "app_admin");
  EXPECT_EQ(*role_at_server(config, principal("dora", {"ops"})), "app_ops");
  EXPECT_EQ(*role_at_server(config, principal("bot", {"ops"}, policy::PrincipalKind::kAgent)),
            "app_reader");
  EXPECT_FALSE(role_at_server(config, principal("dora", {"others"})));
  config.default_role = "app_guest";
  EXPECT_EQ(*role_at_server(config, principal("dora", {"others"})), "app_guest");
}

TEST(ServerIdentity, OfAChainNoRoleIsTakenThatStandsBehindOneForOneOfIt) {
  const auto helper = [](std::vector<std::string> own, std::vector<std::string> alices,
                         std::vector<std::string> shared) {
    auto made = principal("helper", std::move(own), policy::PrincipalKind::kAgent);
    made.chain = std::make_shared<const std::vector<policy::Identity>>(
        std::vector<policy::Identity>{made, principal("alice", std::move(alices))});
    made.groups = std::move(shared);
    return made;
  };
  config::ServerIdentityConfig config;
  config.roles = {{{}, {"contractors"}, {}, "restricted"}, {{}, {"engineering"}, {}, "reader"}};
  const auto contractor = helper({"engineering"}, {"engineering", "contractors"}, {"engineering"});
  const auto refused = role_at_server(config, contractor);
  ASSERT_FALSE(refused) << *refused;
  EXPECT_THAT(refused.error().text, HasSubstr("\"restricted\""));
  EXPECT_THAT(refused.error().text, HasSubstr("kinds: [agent]"));
  EXPECT_EQ(*role_at_server(config, helper({"engineering"}, {"engineering"}, {"engineering"})),
            "reader");
  config.default_role = "guest";
  EXPECT_FALSE(role_at_server(config, helper({}, {"contractors"}, {})));
  EXPECT_EQ(*role_at_server(config, helper({}, {}, {})), "guest");
  // What stands first for agents has been meant for them.
  config.roles.insert(config.roles.begin(), {{}, {}, {"agent"}, "agents"});
  EXPECT_EQ(*role_at_server(config, contractor), "agents");
  // A person's own role is not the agent's.
  config.roles = {{{}, {"dba"}, {}, "admin"}, {{}, {}, {"agent"}, "agents"}};
  EXPECT_FALSE(role_at_server(config, helper({}, {"dba"}, {})));
}

TEST(ServerIdentity, GroupsAreAnArrayWhateverTheirNames) {
  EXPECT_EQ(array_literal({}), "{}");
  EXPECT_EQ(array_literal({"a", "b,c", "d\"e", "f\\", "NULL", ""}),
            R"({"a","b,c","d\"e","f\\","NULL",""})");
}

TEST(ServerIdentity, SetsTheRoleLast) {
  EXPECT_THAT(identity_settings(both(), principal("dora", {"readers"}), "app_reader"),
              ElementsAre(Pair("sluice.user", "dora"), Pair("sluice.groups", "{\"readers\"}"),
                          Pair("sluice.kind", "human"), Pair("sluice.end_user", ""),
                          Pair("role", "app_reader")));
  EXPECT_TRUE(identity_settings({}, principal("dora"), "").empty());
}

TEST(ServerIdentity, OnlyWhatFitsAnyEncodingIsCertain) {
  EXPECT_TRUE(always_accepted({{"sluice.user", "dora"}}));
  EXPECT_FALSE(always_accepted({{"sluice.user", "d\xc3\xb6ra"}}));
  EXPECT_FALSE(always_accepted({{"role", "app_reader"}}));
}

TEST(ServerIdentity, Threat54_NoSpellingChangesIt) {
  for (const char* text : {
           "SET sluice.\"user\" = 'root'",
           "SET LOCAL sluice.\"user\" = 'root'",
           "SET SESSION \"SLUICE\".\"User\" TO 'root'",
           "RESET sluice.groups",
           "SET sluice.\"user\" TO DEFAULT",
           "SELECT set_config('sluice.user', 'root', false)",
           "SELECT pg_catalog.set_config(U&'\\0073luice.user', 'root', false)",
           "SELECT set_config(E'SLUICE.\\x75ser', 'root', true)",
           "SELECT set_config($1, 'root', false)",
           "SELECT set_config('sluice.' || 'user', 'root', false)",
           "SELECT set_config(setting_name => 'sluice.user', new_value => 'x', is_local => false)",
           "SELECT set_config(new_value => 'x', setting_name => 'sluice.user', is_local => false)",
           "SELECT 1 WHERE set_config('sluice.user', 'root', false) = 'root'",
           "WITH x AS (SELECT set_config('sluice.user', 'root', false)) SELECT * FROM x",
           "PREPARE p AS SELECT set_config($1, $2, false)",
           "DECLARE c CURSOR FOR SELECT set_config('sluice.user', 'root', false)",
           "COPY (SELECT set_config('sluice.user', 'root', false)) TO STDOUT",
           "INSERT INTO t SELECT set_config('sluice.user', 'root', false)",
           "EXPLAIN ANALYZE SELECT set_config('sluice.user', 'root', false)",
           "DO $$BEGIN SET sluice.\"user\" = 'root'; END$$",
           "DO $$BEGIN PERFORM set_config('sluice.user', 'root', false); END$$",
           "DO $$BEGIN EXECUTE 'SET sluice.\"user\" = root'; END$$",
           "DO $$BEGIN EXECUTE 'SET slui' || 'ce.\"user\" = root'; END$$",
           "DO $$BEGIN RESET ALL; DELETE FROM t; END$$",
           "DO LANGUAGE plpython3u $$plpy.execute('')$$",
           "RESET ALL; SELECT * FROM t",
           "SELECT 1; RESET ALL",
           "ALTER ROLE current_user SET sluice.\"user\" = 'root'",
           "ALTER DATABASE orders SET sluice.\"user\" = 'root'",
           "ALTER ROLE current_user SET role = 'root'",
           "ALTER SYSTEM SET sluice.\"user\" = 'root'",
           "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET sluice.\"user\" = 'root' AS 'SELECT "
           "1'",
           "ALTER FUNCTION f() SET sluice.\"user\" = 'root'",
           "SET ROLE root",
           "SET LOCAL ROLE root",
           "SET ROLE NONE",
           "RESET ROLE",
           "SET ROLE TO DEFAULT",
           "SET SESSION AUTHORIZATION root",
           "SET SESSION AUTHORIZATION DEFAULT",
           "RESET SESSION AUTHORIZATION",
           "SELECT set_config('role', 'none', false)",
           "SELECT set_config('Session_Authorization', 'root', false)",
           "SET \"role\" = root",
       }) {
    EXPECT_NE(said(both(), text), "allowed") << text;
    EXPECT_EQ(said({}, text), "allowed") << text;
  }
}

TEST(ServerIdentity, EverythingElseIsAllowed) {
  for (const char* text : {
           "SELECT 1",
           "SET work_mem = '1MB'",
           "RESET work_mem",
           "SELECT set_config('work_mem', '1MB', false)",
           "SELECT current_setting('sluice.user')",
           "SHOW sluice.\"user\"",
           "SHOW ROLE",
           "RESET ALL",
           "DISCARD ALL",
           "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
           "DO $$BEGIN PERFORM 1; END$$",
           "EXPLAIN SELECT set_config('sluice.user', 'root', false)",
       }) {
    EXPECT_EQ(said(both(), text), "allowed") << text;
  }
  config::ServerIdentityConfig settings_only;
  settings_only.settings = true;
  EXPECT_EQ(said(settings_only, "SET ROLE app_reader"), "allowed");
}

TEST(ServerIdentity, TheEndUserIsSetInOneFormAlone) {
  EXPECT_EQ(end_user_set("SET sluice.end_user = 'v1.a.b'"), "v1.a.b");
  EXPECT_EQ(end_user_set(" set session SLUICE.END_USER to 'v1.a.b' ; "), "v1.a.b");
  EXPECT_EQ(end_user_set("SET sluice.end_user='x'"), "x");
  EXPECT_EQ(end_user_set("SET sluice.end_user = X"), "x");
  EXPECT_EQ(end_user_set("RESET sluice.end_user"), "");
  EXPECT_EQ(end_user_set("SET sluice.end_user TO DEFAULT"), "");
  EXPECT_EQ(end_user_set("SET sluice.end_user = ''"), "");
  for (const char* text :
       {"SET LOCAL sluice.end_user = 'x'", "SET sluice.end_user = 'x'; SELECT 1",
        "SELECT set_config('sluice.end_user', 'x', false)", "SET sluice.end_user = x.y",
        "SET sluice.end_user = E'x'", "SET sluice.end_user = 'x''y'",
        "SET sluice.end_user = 'x\\y'", "SET /**/ sluice.end_user = 'x'", ""}) {
    EXPECT_EQ(end_user_set(text), std::nullopt) << text;
  }
  const auto facts = sql::analyse("SET sluice.end_user = 'x'", {}, {});
  EXPECT_TRUE(names_end_user(*facts));
  EXPECT_NE(changes_identity(both(), *facts), nullptr);
  EXPECT_EQ(changes_identity(both(), *facts, true), nullptr);
  EXPECT_TRUE(forgets_identity(both(), *facts));
}

TEST(ServerIdentity, FunctionsWithUnknownSqlHaveToBeTrusted) {
  sql::StatementFacts facts;
  facts.dynamic_sql = true;
  facts.dynamic_in = {"app.report", "app.other"};
  auto config = both();
  config.trusted_functions = {"app.report"};
  EXPECT_THAT(changes_identity(config, facts)->message, HasSubstr("app.other"));
  config.trusted_functions.emplace_back("app.other");
  EXPECT_EQ(changes_identity(config, facts), nullptr);
  EXPECT_TRUE(forgets_identity(config, facts));
  const char* kBody = "() RETURNS int LANGUAGE sql AS 'SELECT 1'";
  EXPECT_NE(said(config, std::string("CREATE OR REPLACE FUNCTION app.report") + kBody), "allowed");
  EXPECT_NE(said(config, std::string("CREATE FUNCTION report") + kBody), "allowed");
  EXPECT_NE(said(config, "DROP FUNCTION app.report()"), "allowed");
  EXPECT_NE(said(config, "ALTER FUNCTION mine() RENAME TO report"), "allowed");
  EXPECT_EQ(said(config, std::string("CREATE FUNCTION mine") + kBody), "allowed");
}

}  // namespace
}  // namespace sluice::gateway
