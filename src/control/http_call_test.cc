#include "control/http_call.h"

#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/test_folder.h"
#include "control/http_bounds.h"

namespace sluice::control {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A socket on which somebody listens who is no gateway.
class Listener {
 public:
  explicit Listener(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
  }
  ~Listener() { close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  void hang_up() const { close(accept(fd_, nullptr, nullptr)); }

 private:
  int fd_;
};

TEST(HttpCall, AnswersOfAnyLengthAreHeard) {
  const TestFolder folder;
  const auto server = HttpServer::create();
  ASSERT_TRUE(server->listen(folder / "s.sock", [](const HttpRequest&) {
    return HttpResponse{200, "text/plain", std::string(12 * kMiB, 'x')};
  }));
  server->start();
  const auto answer = http_call(folder / "s.sock", {"GET", "/", ""});
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->body.size(), 12 * kMiB);
}

TEST(HttpCall, ARequestThatIsTooLongIsSaidToBe) {
  const TestFolder folder;
  const auto server = HttpServer::create();
  ASSERT_TRUE(server->listen(folder / "s.sock", [](const HttpRequest& request) {
    return HttpResponse{200, "text/plain", std::to_string(request.body.size())};
  }));
  server->start();
  const auto longest = http_call(folder / "s.sock", {"POST", "/", std::string(kMaxBody, 'x')});
  ASSERT_TRUE(longest) << longest.error().text;
  EXPECT_EQ(longest->body, "1048576");
  const auto longer = http_call(folder / "s.sock", {"POST", "/", std::string(kMaxBody + 1, 'x')});
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, ErrorCode::kInvalidInput);
  EXPECT_THAT(longer.error().text, HasSubstr("1048577 bytes"));
}

TEST(HttpCall, NobodyThereIsSaid) {
  const TestFolder folder;
  const auto answer = http_call(folder / "s.sock", {"GET", "/", ""});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().text, HasSubstr("Start it with: sluice serve"));
}

TEST(HttpCall, WhoHangsUpIsNotSaidToBeDown) {
  const TestFolder folder;
  const Listener listener(folder / "s.sock");
  std::thread hangs_up([&] { listener.hang_up(); });
  const auto answer = http_call(folder / "s.sock", {"GET", "/", ""});
  hangs_up.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().text, HasSubstr("broke off"));
  EXPECT_THAT(answer.error().text, Not(HasSubstr("cannot reach")));
}

TEST(HttpCall, WhoIsSlowIsNotSaidToBeDown) {
  const TestFolder folder;
  const Listener listener(folder / "s.sock");
  const auto answer =
      http_call(folder / "s.sock", {"GET", "/", ""}, std::chrono::milliseconds(100));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(answer.error().text, HasSubstr("has not answered"));
  EXPECT_THAT(answer.error().text, Not(HasSubstr("cannot reach")));
}

TEST(HttpCall, ASocketOfSomebodyElseIsSaidToBe) {
  if (geteuid() == 0) GTEST_SKIP() << "root may open every socket";
  const TestFolder folder;
  const auto server = HttpServer::create();
  ASSERT_TRUE(server->listen(folder / "s.sock", [](const HttpRequest&) { return HttpResponse{}; }));
  server->start();
  ASSERT_EQ(chmod((folder / "s.sock").c_str(), 0), 0);
  const auto answer = http_call(folder / "s.sock", {"GET", "/", ""});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kDenied);
  EXPECT_THAT(answer.error().text, HasSubstr("sluice login"));
}

}  // namespace
}  // namespace sluice::control
