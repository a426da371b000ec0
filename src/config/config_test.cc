#include "config/config.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/config_fixture.h"

namespace sluice::config {
namespace {

TEST_F(ConfigFile, ReadsWhatItSays) {
  const auto config = load_text(kGood);
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->listen_postgres.host, "::1");
  EXPECT_EQ(config->listen_postgres.port, 7000);
  EXPECT_EQ(config->state, folder_ / "state");
  const auto& database = config->databases.at(0);
  EXPECT_EQ(database.host, "db.internal");
  EXPECT_EQ(database.port, 5433);
  EXPECT_EQ(database.server_database, "orders");
  EXPECT_EQ(database.sslmode, SslMode::kVerifyFull);
  EXPECT_EQ(database.sslrootcert, (folder_ / "ca.pem").string());
  EXPECT_EQ(database.password.reveal(), "secret");
  EXPECT_EQ(database.pool.size, 7U);
  EXPECT_EQ(database.pool.idle_timeout, std::chrono::hours(2));
}

TEST_F(ConfigFile, NamesThePlaceOfEveryProblem) {
  const std::string text = problems(R"(state: state
workers: many
databses: []
databases:
  - name: a
    environment: production
    url: mysql://x/y
    user: u
    pool: { sice: 3 }
)");
  EXPECT_THAT(text,
              HasSubstr("c.yaml:2:10: workers: expected a number from 0 to 256, got \"many\""));
  EXPECT_THAT(text, HasSubstr("c.yaml:3:1: unknown key \"databses\" in the configuration; did you "
                              "mean \"databases\"?"));
  EXPECT_THAT(text, HasSubstr("c.yaml:7:10: url: expected a url such as"));
  EXPECT_THAT(text, HasSubstr("c.yaml:9:13: unknown key \"sice\" in pool; did you mean \"size\"?"));
}

TEST_F(ConfigFile, RefusesSecretsInPlainSight) {
  const std::string head = "state: s\ndatabases:\n  - { name: a, environment: e, user: u, ";
  EXPECT_THAT(problems(head + "url: 'postgres://u:p@h/d' }"),
              HasSubstr("must not contain a user or password"));
  EXPECT_THAT(problems(head + "url: 'postgres://h/d', password: x }"),
              HasSubstr("password must not stand in this file"));
  chmod((folder_ / "password").c_str(), 0644);
  EXPECT_THAT(problems(head + "url: 'postgres://h/d', password_file: password }"),
              HasSubstr("run: chmod 600"));
  EXPECT_EQ(problems("demo: true\n" + head + "url: 'postgres://h/d', password: x }"), "no problem");
}

TEST_F(ConfigFile, RefusesWhatIsNotAConfiguration) {
  EXPECT_THAT(problems("- a\n- b\n"), HasSubstr("expected a mapping"));
  EXPECT_THAT(problems("a: [1, 2\n"), HasSubstr("c.yaml:2:1: "));
  EXPECT_THAT(problems("state: s\nstate: t\ndatabases: [{name: a, environment: e, user: u, url: "
                       "'postgres://h/d'}]\n"),
              HasSubstr("\"state\" is given twice"));
  EXPECT_THAT(problems("state: s\n---\nstate: t\n"), HasSubstr("c.yaml:2:1: "));
  EXPECT_THAT(problems("state: s\n"), HasSubstr("expected a list of databases; [] for none"));
  EXPECT_EQ(problems("state: s\ndatabases: []\n"), "no problem");
  EXPECT_THAT(problems(std::string("state: s\0x\n", 11)), EndsWith("contains a NUL byte"));
  EXPECT_THAT(load(folder_ / "nothing").error().text, HasSubstr("No such file"));
}

TEST_F(ConfigFile, WhoApprovesPolicies) {
  const auto config =
      load_text("state: s\ndatabases: []\npolicy: { approve_by: [security, owners] }\n");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->policy.approve_by, (std::vector<std::string>{"security", "owners"}));
  EXPECT_THAT(problems("state: s\ndatabases: []\npolicy: { profile: strict, approve_by: [x] }\n"),
              HasSubstr("is for the policy in the store alone"));
}

TEST_F(ConfigFile, TwoDatabasesNeedTwoNames) {
  const std::string entry = "  - { name: a, environment: e, user: u, url: 'postgres://h/d' }\n";
  EXPECT_THAT(problems("state: s\ndatabases:\n" + entry + entry), HasSubstr("this name is taken"));
}

TEST_F(ConfigFile, SaysHowLongRecordsAreKept) {
  const std::string tail =
      "databases:\n  - { name: a, environment: e, user: u, url: 'postgres://h/d' }\n";
  const auto config = load_text(
      "state: s\naudit:\n  archive: { after: never }\n  retention_at: \"03:30\"\n  retention:\n    "
      "- { name: pii, class: "
      "email, "
      "keep: 30d }\n    - { name: rest, keep: forever }\n" +
      tail);
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_FALSE(config->audit.archive_after);
  ASSERT_EQ(config->audit.retention.size(), 2U);
  EXPECT_EQ(config->audit.retention_at, 3 * 60 + 30);
  EXPECT_EQ(config->audit.retention[0].keep, std::chrono::hours(24 * 30));
  EXPECT_THAT(config->audit.retention[0].filters,
              ::testing::ElementsAre(::testing::Pair("class", "email")));
  EXPECT_FALSE(config->audit.retention[1].keep);
  const auto wrong = [&](const std::string& rules) {
    return problems("state: s\naudit:\n  retention:\n" + rules + tail);
  };
  EXPECT_THAT(wrong("    - { name: x, keep: 5m }\n"), HasSubstr("c.yaml:4:24: keep: expected"));
  EXPECT_THAT(wrong("    - { keep: 5d }\n"), HasSubstr("c.yaml:4:7: a rule lacks \"name\""));
  EXPECT_THAT(wrong("    - { name: x, keep: 5d, colour: red }\n"), HasSubstr("unknown key"));
  EXPECT_THAT(wrong("    - { name: x, keep: 5d }\n    - { name: y, keep: 9d, user: u }\n"),
              HasSubstr("\"x\" fits every record"));
  EXPECT_THAT(wrong("    - { name: x, user: a, keep: 5d }\n    - { name: x, keep: 9d }\n"),
              HasSubstr("is there twice"));
}

TEST_F(ConfigFile, SaysWhatTheServerIsToldOfWhoSomebodyIs) {
  const std::string head =
      "state: s\ndatabases:\n  - { name: a, environment: e, user: u, url: 'postgres://h/d', ";
  const auto config = load_text(
      head +
      "identity: { settings: true, roles: [{ groups: [ops, dev], kinds: [human], role: app_ops }, "
      "{ users: bob, role: app_bob }], default_role: app_guest, trusted_functions: [app.f] } }");
  ASSERT_TRUE(config) << config.error().text;
  const auto& identity = config->databases.at(0).identity;
  EXPECT_TRUE(identity.settings);
  ASSERT_EQ(identity.roles.size(), 2U);
  EXPECT_EQ(identity.roles[0], (RoleRule{{}, {"ops", "dev"}, {"human"}, "app_ops"}));
  EXPECT_EQ(identity.roles[1], (RoleRule{{"bob"}, {}, {}, "app_bob"}));
  EXPECT_EQ(identity.default_role, "app_guest");
  EXPECT_TRUE(identity.guarded());
  EXPECT_THAT(problems(head + "identity: { roles: [{ role: none, kinds: [robot] }] } }"),
              ::testing::AllOf(HasSubstr("not \"none\""), HasSubstr("expected human, service")));
  EXPECT_THAT(problems(head + "identity: { roles: [{ role: app }] } }"), HasSubstr("of whom?"));
  EXPECT_THAT(problems(head + "identity: { trusted_functions: [f] } }"),
              HasSubstr("expected schema.function"));
}

TEST_F(ConfigFile, APolicyThatIsNotNamedComesFromTheStore) {
  EXPECT_TRUE(load_text(kGood)->policy.from_store());
  const auto profile = load_text(std::string(kGood) + "policy: { profile: standard }\n");
  ASSERT_TRUE(profile) << profile.error().text;
  EXPECT_FALSE(profile->policy.from_store()) << "named, if only what is taken anyway";
  const auto file = load_text(std::string(kGood) + "policy: { file: p.yaml }\n");
  ASSERT_TRUE(file) << file.error().text;
  EXPECT_FALSE(file->policy.from_store());
  for (const char* nothing : {"policy:", "policy: { file: }", "policy: { profile: '' }"})
    EXPECT_THAT(problems(std::string(kGood) + nothing + "\n"), HasSubstr(": expected a "))
        << nothing;
  EXPECT_THAT(problems(std::string(kGood) + "policy: { file: p.yaml, profile: strict }\n"),
              HasSubstr("c.yaml:10:34: profile: give only one of file and profile"));
}

std::string file_text(const char* name) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/" + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Documentation, NamesEveryKey) {
  const std::string text = file_text("docs/configuration.md") + file_text("docs/streams.md") +
                           file_text("docs/identity.md") + file_text("docs/agents.md");
  const std::string source =
      file_text("src/config/config.cc") + file_text("src/config/stream_reader.cc") +
      file_text("src/config/receiver_reader.cc") + file_text("src/config/anchor_reader.cc") +
      file_text("src/config/identity_reader.cc") + file_text("src/config/ldap_reader.cc") +
      file_text("src/config/api_reader.cc") + file_text("src/config/model_reader.cc");
  // Every key the parser asks for, as it stands in the source.
  size_t keys = 0;
  for (const char* call :
       {"scalar(\"", "parsed(\"", "number(\"", "boolean(\"", "one_of(\"", "size(\"", "map(\"",
        "texts(map_, \"", "texts(map, \"", "period(map_, \"", "period(map, \"", "period(\"",
        "list(\"", "maps(\"", "read_filter(\"", "read_attribute(\""}) {
    for (size_t at = source.find(call); at != std::string::npos; at = source.find(call, at + 1)) {
      const size_t start = at + std::string_view(call).size();
      const std::string key = source.substr(start, source.find('"', start) - start);
      EXPECT_THAT(text, HasSubstr(key)) << "docs/configuration.md lacks " << key;
      ++keys;
    }
  }
  EXPECT_GT(keys, 30U);
}

TEST_F(ConfigFile, AStoreThatGatewaysShare) {
  EXPECT_FALSE(load_text(kGood)->store.shared());
  const std::string good = kGood;
  auto config = load_text(good +
                          "store: postgres://keeper@db.internal:5433/kept?schema=two&sslmode="
                          "require\nstore_password_file: password\nstore_grace: 10s\n");
  ASSERT_TRUE(config) << config.error().text;
  const StoreConfig& store = config->store;
  EXPECT_TRUE(store.shared());
  EXPECT_EQ(store.server.user, "keeper");
  EXPECT_EQ(store.server.host, "db.internal");
  EXPECT_EQ(store.server.port, 5433);
  EXPECT_EQ(store.server.server_database, "kept");
  EXPECT_EQ(store.schema, "two");
  EXPECT_EQ(store.server.sslmode, SslMode::kRequire);
  EXPECT_EQ(store.grace, std::chrono::seconds(10));
  EXPECT_EQ(store.current_password()->reveal(), "secret");
  write("password", "another\n");
  EXPECT_EQ(store.current_password()->reveal(), "another") << "without a restart";
  const auto sslmode = [&](const std::string& host) {
    return load_text(good + "store: postgres://k@" + host + "/kept\n")->store.server.sslmode;
  };
  EXPECT_EQ(sslmode("db.internal"), SslMode::kVerifyFull);
  for (const char* here : {"127.0.0.1", "localhost:5433", "[::1]"})
    EXPECT_EQ(sslmode(here), SslMode::kDisable) << here;
}

TEST_F(ConfigFile, AStoreIsNotReachedCarelessly) {
  const std::string good = kGood;
  for (const char* url : {"postgres://k:hunter2@h/d", "postgres://k:hun/ter2@h/d",
                          "postgres://k:hun@ter2@h/d", "postgres://k:ter2?x@h/d"}) {
    const std::string text = problems(good + "store: " + url + "\n");
    EXPECT_THAT(text, HasSubstr("store: ")) << url;
    EXPECT_THAT(text, ::testing::Not(HasSubstr("ter2"))) << url;
  }
  EXPECT_THAT(problems(good + "store: postgres://k:p@h/d\n"), HasSubstr("store_password_file"));
  EXPECT_THAT(problems(good + "store: postgres://k@h/d?sslmode=prefer\n"),
              HasSubstr("say verify-full"));
  EXPECT_THAT(problems(good + "store: postgres://k@h/d?schema=pg_x\n"), HasSubstr("schema"));
  EXPECT_THAT(problems(good + "store: postgres://h/d\n"), HasSubstr("postgres://sluice@"));
  EXPECT_THAT(problems(good + "store_password_file: password\n"), HasSubstr("no store"));
  EXPECT_THAT(problems(good + "store_grace: 1s\n"), HasSubstr("from 2s to 1h"));
}

}  // namespace
}  // namespace sluice::config
