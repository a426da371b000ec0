#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include "net/reactor.h"
#include "net/socket.h"

namespace sluice::net {

/// A stream's owner for tests: keeps what it is told, and does what a test asks it to do.
class Peer : public StreamHandler {
 public:
  void attach(std::unique_ptr<Stream> s) {
    stream = std::move(s);
    stream->set_handler(this);
  }
  void on_receive(Slice data) override {
    EXPECT_FALSE(in_callback) << "callbacks must not nest";
    EXPECT_FALSE(closed) << "nothing comes after on_closed";
    EXPECT_LE(data.size(), Buffer::kSize);
    in_callback = true;
    received_bytes += data.size();
    if (keep) received += data.bytes();
    if (receive) receive(std::move(data));
    in_callback = false;
  }
  void on_drained() override {
    EXPECT_FALSE(closed);
    ++drained;
    if (when_drained) when_drained();
  }
  void on_secured() override {
    EXPECT_EQ(received_after_tls, 0U);
    secured = true;
    if (when_secured) when_secured();
  }
  void on_closed(const Error& why) override {
    EXPECT_FALSE(closed) << "on_closed comes once";
    closed = true;
    reason = why;
    if (when_closed) when_closed();
  }

  std::unique_ptr<Stream> stream;
  std::function<void(Slice)> receive;
  std::function<void()> when_drained, when_secured, when_closed;
  std::string received;
  size_t received_bytes = 0;
  size_t received_after_tls = 0;
  int drained = 0;
  bool keep = true;
  bool secured = false;
  bool closed = false;
  bool in_callback = false;
  Error reason;
};

inline Address loopback(uint16_t port = 0) {
  Address address;
  auto* const name = reinterpret_cast<sockaddr_in*>(&address.storage);
  name->sin_family = AF_INET;
  name->sin_port = htons(port);
  name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.length = sizeof *name;
  return address;
}

/// Runs each test on both back ends.
class ReactorTest : public testing::TestWithParam<Reactor::Backend> {
 public:
  void SetUp() override {
    auto made = Reactor::create(GetParam());
    if (!made && GetParam() == Reactor::Backend::kUring) GTEST_SKIP() << made.error().text;
    ASSERT_TRUE(made) << made.error().text;
    reactor = std::move(*made);
    idle_buffers = reactor->buffers().in_use();
  }

  void TearDown() override {
    if (reactor == nullptr) return;
    if (listener.valid()) reactor->close_listener(listener.get());
    // Whatever a test did, in the end no buffer may be missing.
    run_until([&] { return reactor->buffers().in_use() == idle_buffers; });
    EXPECT_EQ(reactor->buffers().in_use(), idle_buffers);
  }

  /// Runs the loop until `done`; a test that never gets there fails.
  bool run_until(std::function<bool()> done) {
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    bool result = false;
    std::unique_ptr<Timer> tick;
    tick = std::make_unique<Timer>(*reactor, [&] {
      result = done();
      if (result || Clock::now() > deadline) {
        reactor->stop();
      } else {
        tick->arm(std::chrono::milliseconds(1));
      }
    });
    tick->arm(Duration(1));
    reactor->run();
    EXPECT_TRUE(result) << "what the test waits for did not happen";
    return result;
  }
  /// Lets whatever is under way settle.
  void run_for(Duration time) {
    Timer end(*reactor, [&] { reactor->stop(); });
    end.arm(time);
    reactor->run();
  }

  /// Listens on a free port of the loopback interface.
  Address listen(Reactor::AcceptHandler on_accept) {
    auto fd = listen_tcp(loopback(), 4096);
    EXPECT_TRUE(fd) << fd.error().text;
    listener.reset(*fd);
    EXPECT_TRUE(reactor->listen(listener.get(), std::move(on_accept)));
    return *local_address(listener.get());
  }

  /// Two ends of one TCP connection, both on the reactor.
  void connect_pair(Peer& client, Peer& server) {
    const Address address = listen([&](std::unique_ptr<Stream> s) { server.attach(std::move(s)); });
    const auto pending =
        reactor->connect(address, std::chrono::seconds(10), [&](Result<std::unique_ptr<Stream>> s) {
          ASSERT_TRUE(s) << s.error().text;
          client.attach(std::move(*s));
        });
    ASSERT_TRUE(run_until([&] { return client.stream && server.stream; }));
    reactor->close_listener(listener.get());
    listener.reset();
  }

  /// A stream of the reactor whose other end is a plain socket of the test.
  UniqueFd connect_raw(Peer& server) {
    const Address address = listen([&](std::unique_ptr<Stream> s) { server.attach(std::move(s)); });
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length),
        0);
    EXPECT_TRUE(run_until([&] { return server.stream != nullptr; }));
    reactor->close_listener(listener.get());
    listener.reset();
    return fd;
  }

  UniqueFd listener;
  std::unique_ptr<Reactor> reactor;
  size_t idle_buffers = 0;
};

inline std::string backend_test_name(const testing::TestParamInfo<Reactor::Backend>& info) {
  return info.param == Reactor::Backend::kUring ? "uring" : "epoll";
}

#define SLUICE_ON_BOTH_BACKENDS(fixture)                                                        \
  INSTANTIATE_TEST_SUITE_P(, fixture,                                                           \
                           testing::Values(Reactor::Backend::kEpoll, Reactor::Backend::kUring), \
                           backend_test_name)

/// `size` bytes that show when one is missing, doubled or out of place.
inline std::string pattern(size_t size, uint32_t seed = 1) {
  std::string out(size, '\0');
  uint32_t state = seed;
  for (char& c : out) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

}  // namespace sluice::net
