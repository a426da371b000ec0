#include "cli/oidc_login.h"

#include <atomic>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

namespace sluice::cli {
namespace {

using boost::json::object;
using ::testing::HasSubstr;

TEST(BrowserRequest, IsOneThatBringsSomethingToThePath) {
  EXPECT_EQ(
      query_of_request("GET /callback?code=a&state=b HTTP/1.1\r\nHost: x\r\n\r\n", "/callback"),
      "code=a&state=b");
  for (const char* other :
       {"GET /favicon.ico HTTP/1.1\r\n", "POST /callback?code=a HTTP/1.1\r\n",
        "GET /callback HTTP/1.1\r\n", "GET /callback/x?code=a HTTP/1.1\r\n", "", "GET "})
    EXPECT_FALSE(query_of_request(other, "/callback")) << other;
}

/// What a browser is answered that asks for `target` of a port of this machine.
std::string visit(uint16_t port, const std::string& target) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  (void)send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char bytes[1024];
  for (ssize_t got = 0; (got = recv(fd, bytes, sizeof bytes, 0)) > 0;)
    answer.append(bytes, static_cast<size_t>(got));
  close(fd);
  return answer;
}

/// A gateway that begins a login, and what it is asked afterwards.
struct FakeGateway {
  std::thread browser;
  std::string brings = "?code=c%20c&state=s&iss=https%3A%2F%2Fi";
  object finished;
  std::string stray;

  Result<boost::json::value> ask(const std::string& path, const std::string& body) {
    if (path == "/api/v1/login/issuers") {
      return boost::json::array{
          object{{"name", "corp"}, {"redirect", "http://127.0.0.1/callback"}}};
    }
    const auto asked = body.empty() ? object() : boost::json::parse(body).as_object();
    if (path == "/api/v1/login/oidc") {
      const std::string uri(asked.at("redirect_uri").as_string());
      EXPECT_TRUE(uri.starts_with("http://127.0.0.1:") && uri.ends_with("/callback")) << uri;
      const auto port = static_cast<uint16_t>(std::stoi(uri.substr(17)));
      browser = std::thread([this, port] {
        stray = visit(port, "/favicon.ico");
        visit(port, "/callback" + brings);
      });
      return object{{"attempt", "a"}, {"secret", "z"}, {"url", "https://i/auth"}};
    }
    finished = asked;
    return object{{"user", "ann"}, {"secret", "slc_"}};
  }
  Result<boost::json::value> login() {
    auto answer = login_by_issuer(
        [this](const auto&, const auto& path, const auto& body, auto&) { return ask(path, body); },
        "corp", false);
    if (browser.joinable()) browser.join();
    return answer;
  }
};

TEST(BrowserLogin, HandsOnWhatTheBrowserBrings) {
  FakeGateway gateway;
  const auto answer = gateway.login();
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->at("user"), "ann");
  EXPECT_EQ(gateway.finished, (object{{"attempt", "a"},
                                      {"secret", "z"},
                                      {"code", "c c"},
                                      {"state", "s"},
                                      {"iss", "https://i"}}));
  EXPECT_THAT(gateway.stray, HasSubstr("404")) << "what else is asked for ends nothing";
}

TEST(BrowserLogin, SaysWhatTheIssuerRefused) {
  FakeGateway gateway;
  gateway.brings = "?error=access_denied&error_description=no%1b%5b31m";
  const auto answer = gateway.login();
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().text, HasSubstr("access_denied no"));
  EXPECT_EQ(answer.error().text.find('\x1b'), std::string::npos);
  EXPECT_TRUE(gateway.finished.empty());
}

/// Answers polls one by one.
struct FakeDevice {
  std::vector<Result<boost::json::value>> answers;
  std::vector<Clock::time_point> asked;
  Duration retry_after = {};  ///< of what it refuses

  Result<boost::json::value> login() {
    return login_by_issuer(
        [this](const auto&, const std::string& path, const auto&,
               Duration& wait) -> Result<boost::json::value> {
          if (path == "/api/v1/login/device") {
            return boost::json::value{{"verification_uri", "https://i/code"},
                                      {"user_code", "ABCD"},
                                      {"attempt", "a"},
                                      {"secret", ""},
                                      {"expires_in", 600},
                                      {"interval", 1}};
          }
          asked.push_back(Clock::now());
          const auto& answer = answers.at(asked.size() - 1);
          if (!answer) wait = retry_after;
          return answer;
        },
        "corp", true);
  }
};

TEST(DeviceLogin, OutlastsAGatewayThatIsAwayForAWhile) {
  FakeDevice device{
      {boost::json::value{{"pending", true}}, fail(ErrorCode::kUnavailable, "restarting"),
       boost::json::value{{"secret", "s"}}},
      {},
      {}};
  ::testing::internal::CaptureStderr();
  const auto answer = device.login();
  const std::string said = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->at("secret"), "s");
  ASSERT_EQ(device.asked.size(), 3U);
  EXPECT_GE(device.asked[1] - device.asked[0], std::chrono::seconds(1)) << "as it was told";
  EXPECT_GE(device.asked[2] - device.asked[1], std::chrono::seconds(2)) << "and of its own accord";
  EXPECT_THAT(said, HasSubstr("for at most 10 min"));
  EXPECT_THAT(said, HasSubstr("restarting; again in 2 s"));
}

TEST(DeviceLogin, WaitsAsLongAsItIsTold) {
  FakeDevice device{
      {fail(ErrorCode::kUnavailable, "too many"), boost::json::value{{"secret", "s"}}},
      {},
      std::chrono::milliseconds(2500)};
  ::testing::internal::CaptureStderr();
  const auto answer = device.login();
  const std::string said = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_GE(device.asked[1] - device.asked[0], std::chrono::milliseconds(2500));
  EXPECT_THAT(said, HasSubstr("too many; again in 3 s"));
}

TEST(DeviceLogin, EndsWithARefusal) {
  FakeDevice device{{fail(ErrorCode::kAuthentication, "the person said no")}, {}, {}};
  ::testing::internal::CaptureStderr();
  const auto answer = device.login();
  (void)::testing::internal::GetCapturedStderr();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().text, "the person said no");
}

}  // namespace
}  // namespace sluice::cli
