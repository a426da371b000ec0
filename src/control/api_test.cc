#include "control/api.h"

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "store/state.h"

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kPolicy = "rules:\n  - { name: all, effect: allow }\n";
constexpr const char* kOtherPolicy = "rules:\n  - { name: some, effect: allow, do: [read] }\n";

/// The API in front of a running gateway whose only database nobody answers for.
class ApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    configuration = std::make_shared<config::Config>();
    configuration->listen_postgres = {"127.0.0.1", 0};
    configuration->state = folder.path();
    configuration->workers = 1;
    configuration->databases.push_back({.name = "orders",
                                        .environment = "production",
                                        .host = "127.0.0.1",
                                        .port = 1,
                                        .server_database = "orders",
                                        .sslmode = config::SslMode::kDisable,
                                        .user = "sluice"});
    auto opened = audit::Log::open({.directory = folder / "audit", .segment_bytes = 1 << 20}, 1);
    ASSERT_TRUE(opened) << opened.error().text;
    log = std::move(*opened);
    auto directory = std::make_shared<const identity::Directory>(std::vector<identity::User>(), 1);
    auto database = store::open_local(folder.path());
    ASSERT_TRUE(database) << database.error().text;
    auto opened_policies = gateway::PolicyKeeper::open(std::move(*database), configuration->policy);
    ASSERT_TRUE(opened_policies) << opened_policies.error().text;
    policies = std::move(*opened_policies);
    auto words = store::open_local(folder.path());
    ASSERT_TRUE(words) << words.error().text;
    auto opened_corrections = gateway::CorrectionKeeper::open(std::move(*words));
    ASSERT_TRUE(opened_corrections) << opened_corrections.error().text;
    corrections = std::move(*opened_corrections);
    auto started = gateway::Gateway::start(configuration, directory, policies->in_force().policy,
                                           SecretString("secret"), *log);
    ASSERT_TRUE(started) << started.error().text;
    gateway = std::move(*started);
    api = std::make_unique<Api>(*gateway, *log, *policies, *corrections, folder / "audit",
                                [this] { return store::open_local(folder.path()); });
  }
  static boost::json::object json(const HttpResponse& response) {
    return boost::json::parse(response.body).as_object();
  }
  HttpResponse save(const std::string& text, int64_t expected) {
    return api->answer_local({"PUT", "/api/v1/policy",
                              boost::json::serialize(boost::json::object{{"text", text},
                                                                         {"author", "alice"},
                                                                         {"comment", "why"},
                                                                         {"file", "new.yaml"},
                                                                         {"expected", expected}})});
  }
  /// The configuration is read again and now says this.
  void reload(const config::PolicyConfig& policy) {
    auto changed = std::make_shared<config::Config>(*configuration);
    changed->policy = policy;
    configuration = changed;
    const auto reloaded = policies->reload(*gateway, configuration);
    ASSERT_TRUE(reloaded) << reloaded.error().text;
  }

  TestFolder folder;
  std::shared_ptr<config::Config> configuration;
  std::unique_ptr<audit::Log> log;
  std::unique_ptr<gateway::PolicyKeeper> policies;
  std::unique_ptr<gateway::CorrectionKeeper> corrections;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<Api> api;
};

TEST_F(ApiTest, HealthIsThatItAnswers) {
  const auto answer = api->answer_public({"GET", "/healthz", ""});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(json(answer).at("status").as_string(), "ok");
}

TEST_F(ApiTest, ReadyOnlyWhenTheDatabasesAnswer) {
  EXPECT_EQ(api->answer_public({"GET", "/readyz", ""}).status, 200) << "none to be asked";
  auto changed = std::make_shared<config::Config>(*configuration);
  changed->databases.emplace_back().name = "orders";
  api->set_config(changed);
  auto answer = api->answer_public({"GET", "/readyz", ""});
  ASSERT_TRUE(answer.later) << "the server's thread does not wait for a database";
  answer = answer.later();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(json(answer).at("status").as_string(), "not ready");
  EXPECT_TRUE(json(answer).at("problems").as_object().contains("database orders"));
}

TEST_F(ApiTest, ShownKeysMakeNoNewShares) {
  auto agents = AgentApi::open(*gateway, *log, *configuration);
  ASSERT_TRUE(agents) << agents.error().text;
  api->set_agents(std::move(*agents));
  const auto asks = [&](const std::string& authorization, const std::string& key) {
    HttpRequest request{"POST", "/models/small/v1/messages", "{}", authorization, "127.0.0.1"};
    request.headers["x-api-key"] = key;
    return api->answer_public(request).whose;
  };
  EXPECT_EQ(asks("Bearer slc_a", "1"), "peer 127.0.0.1");
  EXPECT_EQ(asks("bearer slc_b", "2"), asks("Bearer slc_a", "1"));
  EXPECT_EQ(asks("", "3"), asks("Bearer slc_a", "1"));
}

TEST_F(ApiTest, MetricsAreInPrometheusForm) {
  ASSERT_TRUE(log->append_admin({}, {.type = audit::EventType::kAdmin, .message = "x"}));
  const auto answer = api->answer_public({"GET", "/metrics", ""});
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.content_type, StartsWith("text/plain; version=0.0.4"));
  EXPECT_THAT(answer.body, HasSubstr("# TYPE sluice_logins_total counter"));
  EXPECT_THAT(answer.body, HasSubstr("\nsluice_audit_records_total 1"));
  EXPECT_THAT(answer.body, HasSubstr("\nsluice_audit_writable 1"));
}

/// What is said of each metric: HELP and TYPE lines, and the names of its series.
struct Exposition {
  std::map<std::string, std::string> help, type;
  std::set<std::string> series;
};

Exposition read_exposition(const std::string& text) {
  Exposition out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first, what, name, rest;
    words >> first;
    if (first == "#") {
      words >> what >> name;
      std::getline(words >> std::ws, rest);
      (what == "HELP" ? out.help : out.type)[name] = rest;
    } else if (!first.empty()) {
      out.series.insert(first.substr(0, first.find('{')));
    }
  }
  return out;
}

TEST_F(ApiTest, MetricsFollowTheNamingConventions) {
  config::StreamConfig copy;
  copy.name = "copy";
  copy.path = folder / "copy.jsonl";
  const auto streams =
      stream::Streams::start({copy}, {folder.path(), "1", [] { return uint64_t{0}; }});
  ASSERT_TRUE(streams) << streams.error().text;
  api->watch(**streams);
  const auto found = read_exposition(api->answer_public({"GET", "/metrics", ""}).body);
  EXPECT_GT(found.series.size(), 20U);
  EXPECT_TRUE(found.series.contains("sluice_audit_stream_lag_records"));
  for (const auto& name : found.series) {
    EXPECT_TRUE(std::regex_match(name, std::regex("sluice_[a-z]+(_[a-z]+)*"))) << name;
    ASSERT_TRUE(found.type.contains(name) && found.help.contains(name)) << name;
    const std::string help = found.help.at(name), type = found.type.at(name);
    EXPECT_TRUE(help.size() > 10 && help.back() == '.') << name << ": " << help;
    EXPECT_EQ(type == "counter", name.ends_with("_total")) << name << " is a " << type;
    // Base units, in the plural, and never a metric's type in its name.
    EXPECT_FALSE(std::regex_search(
        name, std::regex("(micros|millis|_ms|_us|kilobytes|_kb|minutes|_byte_|_second_|gauge|"
                         "counter|_count$)")))
        << name;
    if (help.find("ytes") != std::string::npos) EXPECT_NE(name.find("_bytes"), name.npos) << name;
  }
  EXPECT_EQ(found.series.size(), found.type.size()) << "each is described once";
}

TEST_F(ApiTest, AStreamThatFailsIsAWarning) {
  EXPECT_EQ(api->answer_local({"GET", "/api/v1/streams", ""}).body, "[]\n");
  ASSERT_TRUE(log->append_admin({}, {.type = audit::EventType::kAdmin, .message = "x"}));
  config::StreamConfig broken;
  broken.name = "broken";
  broken.path = folder / "no such folder" / "copy.jsonl";
  const auto streams =
      stream::Streams::start({broken}, {folder.path(), "1", [] { return uint64_t{1}; }});
  ASSERT_TRUE(streams) << streams.error().text;
  api->watch(**streams);
  for (int i = 0; i < 1000 && (*streams)->states().at(0).failures == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto answer = api->answer_public({"GET", "/readyz", ""});
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("\"warnings\":{\"stream broken\":\"open "));
  const auto states = boost::json::parse(api->answer_local({"GET", "/api/v1/streams", ""}).body);
  EXPECT_FALSE(states.at(0).at("working").as_bool());
  EXPECT_EQ(states.at(0).at("lag").to_number<int>(), 1);
}

TEST_F(ApiTest, PublicSideOffersNothingElse) {
  for (const char* path : {"/", "/api/v1/nothing", "/api/", "/metrics/", "/healthz?x", ""})
    EXPECT_EQ(api->answer_public({"GET", path, ""}).status, 404) << path;
  for (const char* path : {"/api/v1/sessions", "/api/v1/streams", "/api/v1/version"})
    EXPECT_EQ(api->answer_public({"GET", path, ""}).status, 401) << path;
  for (const char* method : {"POST", "DELETE", "PUT", "get"})
    EXPECT_EQ(api->answer_public({method, "/healthz", ""}).status, 405) << method;
}

TEST_F(ApiTest, LocalSideListsAndKillsSessions) {
  EXPECT_EQ(api->answer_local({"GET", "/api/v1/sessions", ""}).body, "[]\n");
  const auto missing = api->answer_local({"DELETE", "/api/v1/sessions/12", ""});
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.content_type, "application/problem+json");
  EXPECT_THAT(missing.body, HasSubstr("no session 12"));
  for (const char* id : {"", "x", "-1", "12x", "1 2", "99999999999999999999999"})
    EXPECT_EQ(api->answer_local({"DELETE", std::string("/api/v1/sessions/") + id, ""}).status, 400)
        << id;
}

TEST_F(ApiTest, LocalSideChecksDatabases) {
  const auto unknown = api->answer_local({"POST", "/api/v1/databases/nothing/check", ""});
  EXPECT_EQ(unknown.status, 404);
  const auto refused = api->answer_local({"POST", "/api/v1/databases/orders/check", ""});
  EXPECT_EQ(refused.status, 502);
  EXPECT_EQ(api->answer_local({"GET", "/api/v1/databases/orders/check", ""}).status, 404);
  EXPECT_EQ(api->answer_local({"POST", "/api/v1/databases/", ""}).status, 404);
}

TEST_F(ApiTest, LocalSideSaysWhatRuns) {
  const auto version = json(api->answer_local({"GET", "/api/v1/version", ""}));
  EXPECT_EQ(version.at("version").as_string(), kVersion);
  EXPECT_EQ(version.at("port").to_number<uint16_t>(), gateway->port());
}

TEST_F(ApiTest, APolicyIsSavedAndInForce) {
  auto shown = json(api->answer_local({"GET", "/api/v1/policy", ""}));
  EXPECT_EQ(shown.at("source").as_string(), "profile");
  EXPECT_EQ(shown.at("name").as_string(), "standard");
  EXPECT_FALSE(shown.contains("number"));
  EXPECT_EQ(api->answer_local({"GET", "/api/v1/policy/versions", ""}).body, "[]\n");
  const auto saved = save(kPolicy, 0);
  EXPECT_EQ(saved.status, 200) << saved.body;
  EXPECT_EQ(json(saved).at("number").as_int64(), 1);
  EXPECT_EQ(gateway->policy()->text(), kPolicy);
  shown = json(api->answer_local({"GET", "/api/v1/policy", ""}));
  EXPECT_EQ(shown.at("source").as_string(), "store");
  EXPECT_EQ(shown.at("number").as_int64(), 1);
  EXPECT_EQ(shown.at("text").as_string(), kPolicy);
  EXPECT_EQ(shown.at("version").as_string(), gateway->policy()->version());
  EXPECT_EQ(save(kOtherPolicy, 1).status, 200);
  EXPECT_EQ(gateway->policy()->text(), kOtherPolicy);
  const auto versions =
      boost::json::parse(api->answer_local({"GET", "/api/v1/policy/versions", ""}).body).as_array();
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].at("number").as_int64(), 2);
  EXPECT_EQ(versions[1].at("author").as_string(), "alice");
  EXPECT_EQ(versions[1].at("comment").as_string(), "why");
  EXPECT_FALSE(versions[1].as_object().contains("text"));
  const auto first = json(api->answer_local({"GET", "/api/v1/policy/versions/1", ""}));
  EXPECT_EQ(first.at("text").as_string(), kPolicy);
  EXPECT_EQ(api->answer_local({"GET", "/api/v1/policy/versions/3", ""}).status, 404);
  for (const char* number : {"", "x", "1x", "1 ", "99999999999999999999"})
    EXPECT_EQ(
        api->answer_local({"GET", std::string("/api/v1/policy/versions/") + number, ""}).status,
        400)
        << number;
  EXPECT_EQ(api->answer_local({"GET", "/api/v1/policy/versions1", ""}).status, 404);
}

TEST_F(ApiTest, APolicyThatIsRefusedChangesNothing) {
  ASSERT_EQ(save(kPolicy, 0).status, 200);
  const auto broken = save("rules:\n  - { name: all, efect: allow }\n", 1);
  EXPECT_EQ(broken.status, 400);
  EXPECT_THAT(broken.body, HasSubstr("new.yaml:2:18: unknown key"));
  const auto stale = save(kOtherPolicy, 0);
  EXPECT_EQ(stale.status, 409);
  EXPECT_THAT(stale.body, HasSubstr("is 1, not 0"));
  for (const char* body :
       {"", "[]", "{}", R"({"text": "rules: []", "author": "alice"})",
        R"({"text": "x", "author": "alice", "expected": "1"})",
        R"({"text": "rules:\n  - { name: all, effect: allow }", "expected": 1})"})
    EXPECT_EQ(api->answer_local({"PUT", "/api/v1/policy", body}).status, 400) << body;
  EXPECT_EQ(gateway->policy()->text(), kPolicy);
  EXPECT_EQ(policies->versions()->size(), 1U);
}

TEST_F(ApiTest, APolicyNamedInTheConfigurationWins) {
  ASSERT_EQ(save(kPolicy, 0).status, 200);
  reload({.profile = "strict"});
  EXPECT_EQ(gateway->policy()->name(), "strict");
  const auto refused = save(kOtherPolicy, 1);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("remove policy.profile"));
  EXPECT_EQ(gateway->policy()->name(), "strict");
  reload({});
  EXPECT_EQ(gateway->policy()->text(), kPolicy) << "what had been saved is there again";
  EXPECT_EQ(save(kOtherPolicy, 1).status, 200);
}

TEST_F(ApiTest, APolicySavedPastTheGatewayIsFound) {
  auto other = store::open_local(folder.path());
  store::PolicyVersion next;
  next.author = "alice";
  next.text = kPolicy;
  EXPECT_FALSE(*policies->refresh(*gateway));
  ASSERT_TRUE(gateway::save_policy({}, *other, next, "new.yaml", 0));
  EXPECT_TRUE(*policies->refresh(*gateway));
  EXPECT_EQ(gateway->policy()->text(), kPolicy);
  EXPECT_FALSE(*policies->refresh(*gateway)) << "nothing new";
  ASSERT_TRUE(other->execute("INSERT INTO policy_versions VALUES (2, 0, '', 'x', '', 'broken')"));
  EXPECT_FALSE(policies->refresh(*gateway));
  EXPECT_EQ(gateway->policy()->text(), kPolicy) << "the old one stays";
}

TEST_F(ApiTest, DataOfADatabaseThatCannotBeAsked) {
  const auto ask = [&](const char* method, const char* path, const boost::json::object& body) {
    return api->answer_local({method, path, boost::json::serialize(body)});
  };
  EXPECT_EQ(ask("POST", "/api/v1/data/list", {{"database", "nowhere"}}).status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/data/list", {{"class", "nickname"}}).status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/data/list", {{"database", "orders"}}).status, 502);
  EXPECT_EQ(ask("POST", "/api/v1/data/explain", {{"database", "orders"}}).status, 502);
  boost::json::object word{{"database", "orders"}, {"schema", "public"},  {"table", "users"},
                           {"column", "nick"},     {"class", "nickname"}, {"author", "alice"}};
  const auto wrong = ask("PUT", "/api/v1/data/column", word);
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("social_handle"));
  word["class"] = "none";
  EXPECT_EQ(ask("PUT", "/api/v1/data/column", word).status, 502) << "no column that anybody knows";
  EXPECT_EQ(ask("GET", "/api/v1/data/history", {}).body, "[]\n");
  EXPECT_EQ(ask("GET", "/api/v1/data/list", {}).status, 404);
}

}  // namespace
}  // namespace sluice::control
