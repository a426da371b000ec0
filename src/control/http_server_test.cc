#include "control/http_server.h"

#include <atomic>
#include <fstream>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test_folder.h"

namespace sluice::control {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto handler = [](const HttpRequest& request) {
      if (request.path == "/missing") return HttpResponse{404, "application/json", "{}"};
      return HttpResponse{200, "text/plain",
                          request.method + " " + request.path + " " + request.body + "!"};
    };
    const auto listening = server->listen("127.0.0.1", 0, handler);
    ASSERT_TRUE(listening) << listening.error().text;
    port = *listening;
    ASSERT_TRUE(server->listen(socket, handler));
    server->start();
  }

  /// A raw connection to the TCP side.
  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    timeval limit{20, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
  }
  /// Sends bytes and reads until the server closes.
  std::string exchange(const std::string& bytes) const {
    const int fd = connect();
    EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    std::string out;
    char buffer[4096];
    for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;)
      out.append(buffer, static_cast<size_t>(got));
    close(fd);
    return out;
  }

  TestFolder folder;
  std::filesystem::path socket = folder / "control.sock";
  std::unique_ptr<HttpServer> server = HttpServer::create();
  uint16_t port = 0;
};

TEST_F(HttpServerTest, AnswersOverTheSocketThatOnlyItsOwnerMayUse) {
  const auto answer = http_call(socket, {"POST", "/api/v1/x", "body"});
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->content_type, "text/plain");
  EXPECT_EQ(answer->body, "POST /api/v1/x body!");
  EXPECT_EQ(http_call(socket, {"GET", "/missing", ""})->status, 404);
  struct stat info{};
  ASSERT_EQ(stat(socket.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(HttpServerTest, OldSocketInItsPlaceIsRemoved) {
  auto second = HttpServer::create();
  const auto handler = [](const HttpRequest&) { return HttpResponse{200, "text/plain", "second"}; };
  ASSERT_TRUE(second->listen(socket, handler));
  second->start();
  EXPECT_EQ(http_call(socket, {"GET", "/", ""})->body, "second");
}

TEST_F(HttpServerTest, PathTooLongForASocketIsSaid) {
  const auto listening = server->listen(folder / std::string(200, 'x'), nullptr);
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, ErrorCode::kInvalidInput);
}

TEST_F(HttpServerTest, TakenPortIsSaid) {
  auto second = HttpServer::create();
  const auto listening = second->listen("127.0.0.1", port, nullptr);
  ASSERT_FALSE(listening);
  EXPECT_THAT(listening.error().text, HasSubstr("in use"));
}

TEST_F(HttpServerTest, ConnectionServesManyRequests) {
  const std::string out = exchange(
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
      "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(out, HasSubstr("GET /a !"));
  EXPECT_THAT(out, HasSubstr("POST /b hi!"));
  EXPECT_THAT(out, EndsWith("GET /c !"));
  EXPECT_THAT(out, HasSubstr("X-Content-Type-Options: nosniff"));
}

TEST_F(HttpServerTest, AnswerToHeadHasNoBody) {
  const std::string out = exchange("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(out, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(out, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(out, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, MalformedAndOversizedRequestsEndTheConnection) {
  EXPECT_THAT(exchange("this is not HTTP\r\n\r\n"), Not(HasSubstr("!")));
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"),
              Not(HasSubstr("!")));
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"),
              Not(HasSubstr("!")));
  EXPECT_TRUE(http_call(socket, {"GET", "/", ""})) << "and harm nobody else";
}

TEST_F(HttpServerTest, ConnectionsAreBoundedInNumber) {
  std::vector<int> held;
  for (int i = 0; i < 300; ++i) held.push_back(connect());
  // Those beyond the bound are closed at once.
  size_t closed = 0;
  for (int round = 0; round < 200 && closed < 300 - 256; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    closed = 0;
    char byte = 0;
    for (const int fd : held) closed += recv(fd, &byte, 1, MSG_DONTWAIT) == 0 ? 1 : 0;
  }
  EXPECT_EQ(closed, 300U - 256U);
  for (const int fd : held) close(fd);
  // Places come free.
  Result<HttpResponse> answer = fail(ErrorCode::kUnavailable, "");
  for (int round = 0; round < 200 && !answer; ++round) {
    answer = http_call(socket, {"GET", "/", ""});
    if (!answer) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(answer);
}

TEST(HttpCall, NobodyThereIsSaid) {
  const TestFolder folder;
  const auto answer = http_call(folder / "none.sock", {"GET", "/", ""});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().text, HasSubstr("sluice serve"));
}

}  // namespace
}  // namespace sluice::control
