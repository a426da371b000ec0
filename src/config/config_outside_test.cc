#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/config_fixture.h"

namespace sluice::config {
namespace {

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

}  // namespace
}  // namespace sluice::config
