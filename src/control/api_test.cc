#include "control/api.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The API in front of a running gateway whose only database nobody answers for.
class ApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto config = std::make_shared<config::Config>();
    config->listen_postgres = {"127.0.0.1", 0};
    config->state = folder.path();
    config->workers = 1;
    config->databases.push_back({.name = "orders",
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
    auto started = gateway::Gateway::start(config, directory, *log);
    ASSERT_TRUE(started) << started.error().text;
    gateway = std::move(*started);
    api = std::make_unique<Api>(*gateway, *log, folder / "audit");
  }
  static boost::json::object json(const HttpResponse& response) {
    return boost::json::parse(response.body).as_object();
  }

  TestFolder folder;
  std::unique_ptr<audit::Log> log;
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
  api->set_databases({"orders"});
  const auto answer = api->answer_public({"GET", "/readyz", ""});
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(json(answer).at("status").as_string(), "not ready");
  EXPECT_TRUE(json(answer).at("problems").as_object().contains("database orders"));
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

TEST_F(ApiTest, PublicSideOffersNothingElse) {
  for (const char* path : {"/", "/v1/sessions", "/v1/version", "/metrics/", "/healthz?x", ""})
    EXPECT_EQ(api->answer_public({"GET", path, ""}).status, 404) << path;
  for (const char* method : {"POST", "DELETE", "PUT", "get"})
    EXPECT_EQ(api->answer_public({method, "/healthz", ""}).status, 405) << method;
}

TEST_F(ApiTest, LocalSideListsAndKillsSessions) {
  EXPECT_EQ(api->answer_local({"GET", "/v1/sessions", ""}).body, "[]\n");
  const auto missing = api->answer_local({"DELETE", "/v1/sessions/12", ""});
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.content_type, "application/problem+json");
  EXPECT_THAT(missing.body, HasSubstr("no session 12"));
  for (const char* id : {"", "x", "-1", "12x", "1 2", "99999999999999999999999"})
    EXPECT_EQ(api->answer_local({"DELETE", std::string("/v1/sessions/") + id, ""}).status, 400)
        << id;
}

TEST_F(ApiTest, LocalSideChecksDatabases) {
  const auto unknown = api->answer_local({"POST", "/v1/databases/nothing/check", ""});
  EXPECT_EQ(unknown.status, 404);
  const auto refused = api->answer_local({"POST", "/v1/databases/orders/check", ""});
  EXPECT_EQ(refused.status, 502);
  EXPECT_EQ(api->answer_local({"GET", "/v1/databases/orders/check", ""}).status, 404);
  EXPECT_EQ(api->answer_local({"POST", "/v1/databases/", ""}).status, 404);
}

TEST_F(ApiTest, LocalSideSaysWhatRuns) {
  const auto version = json(api->answer_local({"GET", "/v1/version", ""}));
  EXPECT_EQ(version.at("version").as_string(), kVersion);
  EXPECT_EQ(version.at("port").to_number<uint16_t>(), gateway->port());
}

}  // namespace
}  // namespace sluice::control
