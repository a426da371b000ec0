#include "config/config.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sluice::config {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class ConfigFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("sluice-config-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    write("password", "secret\n");
    chmod((folder_ / "password").c_str(), 0600);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  Result<Config> load_text(const std::string& text) {
    write("c.yaml", text);
    return load(folder_ / "c.yaml");
  }
  std::string problems(const std::string& text) {
    const auto config = load_text(text);
    return config ? "no problem" : config.error().text;
  }

  std::filesystem::path folder_;
};

constexpr const char* kGood = R"(listen: { postgres: "[::1]:7000", http: 127.0.0.1:8432 }
state: state
databases:
  - name: orders
    environment: production
    url: postgres://db.internal:5433/or%64ers?sslmode=verify-full&sslrootcert=ca.pem
    user: sluice
    password_file: password
    pool: { size: 7, idle_timeout: 2h }
)";

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

constexpr const char* kStreams = R"(audit:
  streams:
    - name: siem
      type: http
      url: https://siem.internal/in
      format: ocsf
      body: lines
      from: now
      authorization_file: password
      headers: { X-Index: audit }
      tls: { ca: ca.pem, certificate: c.pem, key: k.pem }
      filter: { type: [statement, admin], user: alice, decision: denied, kind: create }
      batch: { records: 7, size: 64KiB }
      retry: { initial: 1s, maximum: 2m }
      timeout: 5s
    - { name: host, type: syslog, url: 'tls://[::1]:6514', facility: local0 }
    - { name: bus, type: nats, url: 'nats://broker:4222', subject: a.b, user: u, password_env: HOME }
    - { name: otel, type: otlp, url: 'http://otel:4318', traces: false }
    - { name: hook, type: webhook, url: 'https://x/', secret_file: password }
    - { name: copy, type: file, path: out/audit.jsonl }
)";

TEST_F(ConfigFile, ReadsStreams) {
  const auto config = load_text(std::string(kGood) + kStreams);
  ASSERT_TRUE(config) << config.error().text;
  const auto& all = config->audit.streams;
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].type, StreamType::kHttp);
  EXPECT_EQ(all[0].format, StreamFormat::kOcsf);
  EXPECT_TRUE(all[0].lines);
  EXPECT_TRUE(all[0].from_now);
  EXPECT_EQ(all[0].authorization.reveal(), "secret");
  EXPECT_EQ(all[0].headers.at("X-Index"), "audit");
  EXPECT_EQ(all[0].tls.ca, folder_ / "ca.pem");
  EXPECT_THAT(all[0].filter.types, ::testing::ElementsAre("statement", "admin"));
  EXPECT_THAT(all[0].filter.users, ::testing::ElementsAre("alice"));
  EXPECT_EQ(all[0].batch_records, 7U);
  EXPECT_EQ(all[0].batch_bytes, 65536U);
  EXPECT_EQ(all[0].retry_maximum, std::chrono::minutes(2));
  EXPECT_EQ(all[1].format, StreamFormat::kText) << "for people, if nothing is said";
  EXPECT_EQ(all[1].facility, 16U);
  EXPECT_EQ(all[2].subject, "a.b");
  EXPECT_FALSE(all[2].password.empty());
  EXPECT_TRUE(all[3].logs);
  EXPECT_FALSE(all[3].traces);
  EXPECT_EQ(all[4].secret.reveal(), "secret");
  EXPECT_EQ(all[5].path, folder_ / "out/audit.jsonl");
}

TEST_F(ConfigFile, ReadsAttesters) {
  const auto config = load_text(std::string(kGood) + R"(attesters:
  - { name: ci, key: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', max_age: 2h }
)");
  ASSERT_TRUE(config) << config.error().text;
  ASSERT_EQ(config->attesters.size(), 1U);
  EXPECT_EQ(config->attesters[0].public_key, std::string(32, '\0'));
  EXPECT_EQ(config->attesters[0].max_age, std::chrono::hours(2));
  const auto with = [&](const std::string& attester) {
    return problems(std::string(kGood) + "attesters: [ { name: ci, " + attester + " } ]\n");
  };
  EXPECT_THAT(with("key: AAAA"), HasSubstr("32 bytes in base64"));
  EXPECT_THAT(with("max_age: 1h"), HasSubstr("give one of key, secret_file and secret_env"));
  EXPECT_THAT(with("secret_file: password"), HasSubstr("shorter than 16 bytes"));
  EXPECT_THAT(with("secret_env: HOME, max_age: 90d"), HasSubstr("from 1s to 30d"));
}

TEST_F(ConfigFile, ReadsTicketSystems) {
  const auto config = load_text(std::string(kGood) + R"(tickets:
  - { name: jira, url: 'https://tickets.internal/sluice', secret_file: password, timeout: 1s }
)");
  ASSERT_TRUE(config) << config.error().text;
  ASSERT_EQ(config->tickets.size(), 1U);
  EXPECT_EQ(config->tickets[0].delivery.timeout, std::chrono::seconds(1));
  const auto with = [&](const std::string& system) {
    return problems(std::string(kGood) + "tickets: [ { name: jira, " + system + " } ]\n");
  };
  EXPECT_THAT(with("url: 'https://h/'"), HasSubstr("by their signature"));
  EXPECT_THAT(with("url: 'http://h/', secret_file: password"), HasSubstr("begins with https://"));
  EXPECT_THAT(with("secret_file: password"), HasSubstr("give one of url"));
  EXPECT_THAT(with("url: 'https://h/', secret_file: password, timeout: 1m"), HasSubstr("10s"));
}

TEST_F(ConfigFile, ReadsWebhooks) {
  const auto config = load_text(std::string(kGood) + R"(webhooks:
  - name: tool
    url: https://tool.internal/in
    secret_file: password
    events: [asked, approved]
    groups: [dba]
    rules: drops
    environments: [production]
    show: text
    answers: true
    timeout: 3s
    give_up: 10m
    tls: { ca: ca.pem }
    headers: { X-Team: data }
  - { name: chat, format: slack, url_env: HOME }
  - { name: cards, format: teams, url: 'http://127.0.0.1:1/', person_attribute: upn }
)");
  // HOME is no address, which is said without it.
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().text, HasSubstr("url_env: expected a url that begins with https://"));
  EXPECT_THAT(config.error().text, ::testing::Not(HasSubstr(getenv("HOME"))));
  const auto good = load_text(std::string(kGood) + R"(webhooks:
  - { name: tool, url: 'https://tool.internal/in?key=x', secret_file: password, events: asked,
      show: text, answers: true, give_up: 10m, tls: { ca: ca.pem } }
  - { name: cards, format: teams, url: 'http://127.0.0.1:1/', person_attribute: upn }
)");
  ASSERT_TRUE(good) << good.error().text;
  const auto& all = good->webhooks;
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].format, WebhookFormat::kJson);
  EXPECT_EQ(all[0].target(), "https://tool.internal") << "the rest may be a secret";
  EXPECT_EQ(all[0].secret.reveal(), "secret");
  EXPECT_TRUE(all[0].show_text);
  EXPECT_TRUE(all[0].answers);
  EXPECT_EQ(all[0].person_attribute, "email");
  EXPECT_EQ(all[0].give_up, std::chrono::minutes(10));
  EXPECT_EQ(all[0].delivery.tls.ca, folder_ / "ca.pem");
  EXPECT_FALSE(all[1].show_text) << "nobody has said that it may be";
  EXPECT_FALSE(all[1].answers);
  EXPECT_EQ(all[1].person_attribute, "upn");
}

TEST_F(ConfigFile, RefusesWebhooksThatCannotWork) {
  const auto with = [&](const std::string& webhook) {
    return problems(std::string(kGood) + "webhooks: [ { name: w, " + webhook + " } ]\n");
  };
  EXPECT_THAT(with("url: 'https://h/'"), HasSubstr("a webhook is signed"));
  EXPECT_THAT(with("format: slack, url: 'https://h/', answers: true"),
              HasSubstr("answers are believed by their signature"));
  EXPECT_THAT(with("format: slack, url: 'http://h/'"), HasSubstr("begins with https://"));
  EXPECT_THAT(with("format: slack, url: 'https://u:p@h/'"), HasSubstr("keys of their own"));
  EXPECT_THAT(with("format: slack"), HasSubstr("give one of url, url_file and url_env"));
  EXPECT_THAT(with("format: irc, url: 'https://h/'"), HasSubstr("one of json, slack, teams"));
  EXPECT_THAT(with("format: slack, url: 'https://h/', events: [thought]"),
              HasSubstr("expected one of asked, voted"));
  EXPECT_THAT(with("format: slack, url: 'https://h/', show: all"),
              HasSubstr("one of summary, text"));
  EXPECT_THAT(with("format: slack, url: 'https://h/', give_up: 9d"), HasSubstr("from 1s to 3d"));
}

TEST_F(ConfigFile, RefusesStreamsThatCannotWork) {
  const auto with = [&](const std::string& stream) {
    return problems(std::string(kGood) + "audit: { streams: [ { name: s, " + stream + " } ] }\n");
  };
  EXPECT_THAT(with("path: x"), HasSubstr("c.yaml:10:21: type: expected one of file, http"));
  EXPECT_THAT(with("type: file"), HasSubstr("a stream lacks \"path\""));
  EXPECT_THAT(with("type: file, path: x, url: y"), HasSubstr("unknown key \"url\""));
  EXPECT_THAT(with("type: file, path: x, format: text"), HasSubstr("one of record, ocsf"));
  EXPECT_THAT(with("type: http, url: 'http://'"), HasSubstr("names no host"));
  EXPECT_THAT(with("type: http, url: 'http://u:p@h/'"), HasSubstr("keys of their own"));
  EXPECT_THAT(with("type: http, url: 'x://u:p@h/'"), ::testing::Not(HasSubstr("u:p")));
  EXPECT_THAT(with("type: http, url: \"http://h/a b\""), HasSubstr("blanks"));
  EXPECT_THAT(with("type: http, url: 'http://h/', tls: { ca: x }"), HasSubstr("asks for no TLS"));
  EXPECT_THAT(with("type: http, url: 'https://h/', tls: { key: x }"), HasSubstr("belong together"));
  EXPECT_THAT(with("type: http, url: 'http://h/', headers: { authorization: x }"),
              HasSubstr("authorization_file"));
  EXPECT_THAT(with("type: http, url: 'http://h/', headers: { A: \"b\\nC: d\" }"),
              HasSubstr("a header is one line"));
  EXPECT_THAT(with("type: http, url: 'http://h/', authorization: x"),
              HasSubstr("must not stand in this file"));
  EXPECT_THAT(with("type: syslog, url: 'tcp://h'"), HasSubstr("expected host:port"));
  EXPECT_THAT(with("type: syslog, url: 'tcp://h:1/x'"), HasSubstr("nothing may follow the port"));
  EXPECT_THAT(with("type: nats, url: 'nats://h:1', subject: 'a.>'"),
              HasSubstr("without wildcards"));
  EXPECT_THAT(with("type: nats, url: 'nats://h:1', subject: a, user: u"),
              HasSubstr("belong together"));
  EXPECT_THAT(with("type: nats, url: 'nats://h:1', subject: a, token_env: HOME, "
                   "credentials_file: c"),
              HasSubstr("give only one of password, token and credentials_file"));
  EXPECT_THAT(with("type: otlp, url: 'http://h', logs: false, traces: false"),
              HasSubstr("nothing is left"));
  EXPECT_THAT(with("type: webhook, url: 'http://h'"), HasSubstr("a webhook is signed"));
  EXPECT_THAT(with("type: file, path: x, filter: { decision: refused }"),
              HasSubstr("expected one of allowed, denied"));
  EXPECT_THAT(with("type: file, path: x, retry: { initial: 2s, maximum: 1s }"),
              HasSubstr("not be shorter"));
  EXPECT_THAT(with("type: file, path: x, timeout: 1ms"), HasSubstr("from 100ms to 1h"));
  EXPECT_THAT(with("type: file, path: x, batch: { size: 1KiB }"), HasSubstr("from 4KiB"));
}

constexpr const char* kAnchors = R"(audit:
  anchors:
    - { name: worm, type: folder, path: out, every: 1d }
    - name: post
      type: http
      url: https://keeper/in
      authorization_file: password
      headers: { X-Log: a }
      tls: { ca: ca.pem }
      timeout: 5s
      retry: { initial: 1s, maximum: 2m }
    - { name: host, type: syslog, url: 'tls://[::1]:6514', facility: local0 }
    - { name: s3, type: s3, url: 'https://s3/bucket/a-b', region: eu, access_key: AK, secret_key_file: password }
)";

TEST_F(ConfigFile, ReadsAnchors) {
  const auto config = load_text(std::string(kGood) + kAnchors);
  ASSERT_TRUE(config) << config.error().text;
  const auto& all = config->audit.anchors;
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].path, folder_ / "out");
  EXPECT_EQ(all[0].target(), all[0].path);
  EXPECT_EQ(all[0].every, std::chrono::hours(24));
  EXPECT_EQ(all[1].type, AnchorType::kHttp);
  EXPECT_EQ(all[1].every, std::chrono::seconds(10)) << "if nothing is said";
  EXPECT_EQ(all[1].target(), "https://keeper/in");
  EXPECT_EQ(all[1].delivery.authorization.reveal(), "secret");
  EXPECT_EQ(all[1].delivery.headers.at("X-Log"), "a");
  EXPECT_EQ(all[1].delivery.tls.ca, folder_ / "ca.pem");
  EXPECT_EQ(all[1].delivery.timeout, std::chrono::seconds(5));
  EXPECT_EQ(all[1].delivery.retry_maximum, std::chrono::minutes(2));
  EXPECT_EQ(all[2].delivery.facility, 16U);
  EXPECT_EQ(all[3].region, "eu");
  EXPECT_EQ(all[3].access_key, "AK");
  EXPECT_EQ(all[3].secret_key.reveal(), "secret");
}

TEST_F(ConfigFile, ReadsTheKeyOfAWitness) {
  tlog::VerifierKey key{"w.example/1", tlog::KeyType::kCosignature, {}};
  const auto with = [&](const std::string& more) {
    return std::string(kGood) +
           "audit: { anchors: [ { name: w, type: witness, url: 'http://h/witness'" + more +
           " } ] }\n";
  };
  const auto config = load_text(with(", key: '" + key.text() + "'"));
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->audit.anchors[0].key, key);
  EXPECT_THAT(problems(with("")), HasSubstr("key: expected the witness's public key"));
  EXPECT_THAT(problems(with(", key: x")), HasSubstr("has no two +"));
  key.type = tlog::KeyType::kEd25519;
  EXPECT_THAT(problems(with(", key: '" + key.text() + "'")),
              HasSubstr("the key of a log, not of a witness"));
}

TEST_F(ConfigFile, RefusesAnchorsThatCannotWork) {
  const auto with = [&](const std::string& anchor) {
    return problems(std::string(kGood) + "audit: { anchors: [ { name: s, " + anchor + " } ] }\n");
  };
  const std::string s3 = "type: s3, region: r, access_key: a, secret_key_env: HOME, url: ";
  EXPECT_THAT(with("path: x"), HasSubstr("type: expected one of folder, http"));
  EXPECT_THAT(with("type: folder"), HasSubstr("an anchor lacks \"path\""));
  EXPECT_THAT(with("type: folder, path: x, url: y"), HasSubstr("unknown key \"url\""));
  EXPECT_THAT(with("type: folder, path: x, every: 500ms"), HasSubstr("must be from 1s to 1d"));
  EXPECT_THAT(with("type: folder, path: x, every: 25h"), HasSubstr("must be from 1s to 1d"));
  EXPECT_THAT(with("type: folder, path: x }, { name: s, type: folder, path: y"),
              HasSubstr("taken by another anchor"));
  EXPECT_THAT(with("type: http, url: 'ftp://h/'"), HasSubstr("begins with http:// or https://"));
  EXPECT_THAT(with("type: syslog, url: 'tcp://h'"), HasSubstr("expected host:port"));
  EXPECT_THAT(with(s3 + "'https://h'"), HasSubstr("names no bucket"));
  EXPECT_THAT(with(s3 + "'https://h//'"), HasSubstr("names no bucket"));
  EXPECT_THAT(with(s3 + "'https://h/b?x=y'"), HasSubstr("bucket and prefix may have"));
  EXPECT_THAT(with("type: s3, url: 'https://h/b', region: r, access_key: a"),
              HasSubstr("give secret_key_file or secret_key_env"));
  EXPECT_THAT(with("type: s3, url: 'https://h/b', region: r, access_key: a, secret_key: x"),
              HasSubstr("must not stand in this file"));
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
