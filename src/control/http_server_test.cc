#include "control/http_server.h"

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test_folder.h"
#include "control/large_bodies.h"

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
  int connect(const char* from = nullptr) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (from != nullptr) {
      sockaddr_in own{};
      own.sin_family = AF_INET;
      inet_pton(AF_INET, from, &own.sin_addr);
      EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
    }
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    timeval limit{20, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
  }
  /// Sends bytes and reads until the server closes.
  std::string exchange(const std::string& bytes, const char* from = nullptr) const {
    const int fd = connect(from);
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

TEST_F(HttpServerTest, MalformedAndOversizedRequestsAreToldSoAndEndTheConnection) {
  for (const char* bytes :
       {"this is not HTTP\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    const std::string out = exchange(bytes);
    EXPECT_THAT(out, StartsWith("HTTP/1.1 400 ")) << bytes;
    EXPECT_THAT(out, HasSubstr("application/problem+json")) << bytes;
    EXPECT_THAT(out, HasSubstr("this is no request of HTTP")) << bytes;
  }
  const std::string long_head =
      exchange("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(long_head, StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(long_head, HasSubstr("At most 16 KiB are read here."));
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"),
              Not(HasSubstr("!")));
  EXPECT_TRUE(http_call(socket, {"GET", "/", ""})) << "and harm nobody else";
}

TEST_F(HttpServerTest, LargeBodiesAreForModelsAndOthersAreToldSo) {
  const auto post = [](const std::string& path, const std::string& body) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  const auto chunk = [](const std::string& path, size_t size) {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        "{:x}\r\n{}\r\n0\r\n\r\n",
        path, size, std::string(size, 'x'));
  };
  const std::string two(size_t{2} << 20, 'x');
  EXPECT_THAT(exchange(post("/models/m/v1/messages", two)), EndsWith("xx!"));
  EXPECT_THAT(exchange(chunk("/models/m/v1/messages", two.size())), EndsWith("xx!"));
  for (const std::string& request :
       {post("/api/v1/query", two), chunk("/api/v1/query", two.size()),
        post("/models/m/v1/messages", std::string(size_t{33} << 20, 'x'))})
    EXPECT_THAT(exchange(request), StartsWith("HTTP/1.1 413 "));
  // Some large ones at a time, and then nobody is kept from the rest.
  std::vector<int> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(connect());
    const std::string begun =
        "POST /models/m HTTP/1.1\r\nHost: x\r\nContent-Length: 33000000\r\n\r\nx";
    EXPECT_EQ(send(held.back(), begun.data(), begun.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(begun.size()));
  }
  std::string answer;
  for (int round = 0; round < 500 && !answer.starts_with("HTTP/1.1 503 "); ++round)
    answer = exchange(post("/models/m", two));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(exchange(post("/models/m", two), "127.0.0.2"), EndsWith("xx!"));
  EXPECT_THAT(exchange(post("/models/m", "small")), EndsWith("small!"));
  for (const int fd : held) close(fd);
  for (int round = 0; round < 500 && !answer.ends_with("xx!"); ++round)
    answer = exchange(post("/models/m", two));
  EXPECT_THAT(answer, EndsWith("xx!"));
}

TEST_F(HttpServerTest, ConnectionsOfOneAddressAreBoundedInNumber) {
  std::vector<int> held;
  for (int i = 0; i < 70; ++i) held.push_back(connect());
  size_t closed = 0;
  for (int round = 0; round < 200 && closed < 70 - 64; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    closed = 0;
    char byte = 0;
    for (const int fd : held) closed += recv(fd, &byte, 1, MSG_DONTWAIT) == 0 ? 1 : 0;
  }
  EXPECT_EQ(closed, 70U - 64U);
  const std::string request = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  EXPECT_THAT(exchange(request), Not(EndsWith("GET /a !")));
  EXPECT_THAT(exchange(request, "127.0.0.2"), EndsWith("GET /a !")) << "others are let in";
  EXPECT_TRUE(http_call(socket, {"GET", "/", ""}));
  for (const int fd : held) close(fd);
  // Places come free.
  bool let_in = false;
  for (int round = 0; round < 500 && !let_in; ++round) {
    let_in = exchange(request).ends_with("GET /a !");
    if (!let_in) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(let_in);
}

TEST_F(HttpServerTest, StreamsOfOneAreBoundedInNumber) {
  auto streaming = HttpServer::create();
  const auto listening = streaming->listen("127.0.0.1", 0, [](const HttpRequest& request) {
    HttpResponse made;
    made.whose = request.path;
    made.later = [] {
      HttpResponse endless;
      endless.content_type = "text/event-stream";
      endless.stream = [] { return std::optional<std::string>(""); };
      return endless;
    };
    return made;
  });
  ASSERT_TRUE(listening);
  port = *listening;
  streaming->start();
  const auto follow = [&](const std::string& whose) {
    const int fd = connect();
    const std::string request = "GET " + whose + " HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_GT(send(fd, request.data(), request.size(), MSG_NOSIGNAL), 0);
    char begun[12] = {};
    EXPECT_EQ(recv(fd, begun, sizeof begun, MSG_WAITALL), 12);
    return std::pair(fd, std::string(begun, sizeof begun));
  };
  std::vector<int> held;
  const auto status = [&](const std::string& whose) {
    const auto [fd, begun] = follow(whose);
    held.push_back(fd);
    return begun;
  };
  for (int i = 0; i < 16; ++i) EXPECT_EQ(status("/alice"), "HTTP/1.1 200");
  EXPECT_EQ(status("/alice"), "HTTP/1.1 503");
  EXPECT_EQ(status("/bob"), "HTTP/1.1 200");
  for (const int fd : held) close(fd);
}

TEST_F(HttpServerTest, WhatIsMadeIsToldThatNobodyWaitsForItAnyMore) {
  auto slow = HttpServer::create();
  std::atomic<int> left = 0, answered = 0;
  const auto listening = slow->listen("127.0.0.1", 0, [&](const HttpRequest& request) {
    HttpResponse made;
    made.whose = request.path;
    made.later = [&, gone = request.gone] {
      const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
      while (!gone.stop_requested() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      ++(gone.stop_requested() ? left : answered);
      return HttpResponse{200, "text/plain", "made"};
    };
    return made;
  });
  ASSERT_TRUE(listening);
  port = *listening;
  slow->start();
  const std::string first = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string last = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  // Whoever has sent their next request already has not left.
  EXPECT_THAT(exchange(first + last), EndsWith("made"));
  EXPECT_EQ(answered, 2);
  const int fd = connect();
  EXPECT_GT(send(fd, first.data(), first.size(), MSG_NOSIGNAL), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  close(fd);
  for (int i = 0; i < 400 && left == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(left, 1);
}

TEST_F(HttpServerTest, WhatIsToldWhileAnAnswerIsMadeComesBeforeIt) {
  std::atomic<int> told = 0, looks = 0;
  std::atomic<int> status = 200;
  // It is asked again until both have been told.
  const std::function<HttpResponse()> look = [&] {
    HttpResponse answer{status, "application/json", "{}\n"};
    if (++looks > 1 && told == 2) return answer;
    answer.pause = std::chrono::milliseconds(50);
    answer.later = look;
    return answer;
  };
  const auto made = [&](const HttpRequest& request) {
    status = request.path == "/bad" ? 500 : 200;
    HttpResponse response;
    response.whose = "alice";
    response.meanwhile = [&]() -> std::string {
      return told < 2 ? fmt::format("data: {}\n\n", ++told) : "";
    };
    response.later = look;
    return response;
  };
  const auto other = HttpServer::create();
  const auto listening = other->listen("127.0.0.1", 0, made);
  ASSERT_TRUE(listening);
  other->start();
  port = *listening;
  const auto good = exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(good, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(good, EndsWith("data: 1\n\ndata: 2\n\nevent: message\ndata: {}\n\n"));
  EXPECT_GT(looks, 1);
  told = looks = 0;
  EXPECT_THAT(exchange("GET /bad HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("data: 2\n\n"));
  told = 2;
  const auto silent = exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(silent, HasSubstr("Content-Type: application/json"));
  EXPECT_THAT(silent, EndsWith("\r\n\r\n{}\n"));
  other->stop();
}

TEST_F(HttpServerTest, AStreamKeepsTheShareOfItsLargeBody) {
  auto streaming = HttpServer::create();
  const auto listening = streaming->listen("127.0.0.1", 0, [](const HttpRequest& request) {
    HttpResponse made{200, "text/plain", "read"};
    if (request.path != "/models/endless") return made;
    made.content_type = "text/event-stream";
    made.stream = [body = request.body] { return std::optional<std::string>(body.substr(0, 0)); };
    return made;
  });
  ASSERT_TRUE(listening);
  port = *listening;
  streaming->start();
  const auto post = [](const std::string& path, size_t size) {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}"
        "\r\n\r\n{}",
        path, size, std::string(size, 'x'));
  };
  std::vector<int> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(connect());
    const std::string request = post("/models/endless", size_t{32} << 20);
    for (size_t sent = 0; sent < request.size();) {
      const auto more =
          send(held.back(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      ASSERT_GT(more, 0);
      sent += static_cast<size_t>(more);
    }
    char begun[12] = {};
    ASSERT_EQ(recv(held.back(), begun, sizeof begun, MSG_WAITALL), 12);
    EXPECT_EQ(std::string(begun, sizeof begun), "HTTP/1.1 200");
  }
  EXPECT_THAT(exchange(post("/models/one", size_t{2} << 20)), StartsWith("HTTP/1.1 503 "));
  for (const int fd : held) close(fd);
}

TEST_F(HttpServerTest, Threat90_LargeBodiesAreReadFromWhoIsKnown) {
  auto asking = HttpServer::create();
  admit_large(*asking, [](const HttpRequest& request) {
    return request.authorization == "Bearer known" || request.header("x-api-key") == "known";
  });
  const auto listening = asking->listen("127.0.0.1", 0, [](const HttpRequest& request) {
    return HttpResponse{200, "text/plain", fmt::format("{} bytes", request.body.size())};
  });
  ASSERT_TRUE(listening);
  port = *listening;
  asking->start();
  const auto post = [](const std::string& header, size_t size) {
    return fmt::format(
        "POST /models/m HTTP/1.1\r\nHost: x\r\n{}Connection: close\r\n"
        "Content-Length: {}\r\n\r\n{}",
        header, size, std::string(size, 'x'));
  };
  const size_t two = size_t{2} << 20;
  EXPECT_THAT(exchange(post("Authorization: Bearer known\r\n", two)), EndsWith("2097152 bytes"));
  EXPECT_THAT(exchange(post("X-Api-Key: known\r\n", two)), EndsWith("2097152 bytes"));
  for (const char* header : {"", "Authorization: Bearer other\r\n"})
    EXPECT_THAT(exchange(post(header, two)), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(exchange(post("", 5)), EndsWith("5 bytes")) << "small ones are answered as ever";
}

TEST_F(HttpServerTest, AStreamThatThrowsEndsAlone) {
  auto streaming = HttpServer::create();
  const auto listening = streaming->listen("127.0.0.1", 0, [](const HttpRequest& request) {
    HttpResponse made{200, "text/plain", "still here"};
    if (request.path != "/broken") return made;
    made.content_type = "text/event-stream";
    made.stream = []() -> std::optional<std::string> { throw std::runtime_error("no memory"); };
    return made;
  });
  ASSERT_TRUE(listening);
  port = *listening;
  streaming->start();
  EXPECT_THAT(exchange("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("\r\n\r\n"));
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              EndsWith("still here"));
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
