#include "net/reactor.h"

#include <filesystem>
#include <thread>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "net/reactor_fixture.h"

namespace sluice::net {
namespace {

class ReactorOnlyTest : public ReactorTest {};
SLUICE_ON_BOTH_BACKENDS(ReactorOnlyTest);

TEST_P(ReactorOnlyTest, RunsTasksOfOtherThreadsInOrder) {
  constexpr int kEach = 5000;
  std::vector<int> seen(4, 0);
  const auto loop_thread = std::this_thread::get_id();
  std::vector<std::thread> threads;
  for (size_t t = 0; t < seen.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        reactor->post([&, t, i] {
          EXPECT_EQ(std::this_thread::get_id(), loop_thread);
          EXPECT_EQ(seen[t], i);
          ++seen[t];
        });
      }
    });
  }
  EXPECT_TRUE(run_until([&] { return seen == std::vector<int>(4, kEach); }));
  for (std::thread& thread : threads) thread.join();
}

TEST_P(ReactorOnlyTest, TasksMayPostTasks) {
  int count = 0;
  std::function<void()> step = [&] {
    if (++count < 1000) {
      reactor->post(step);
    } else {
      reactor->stop();
    }
  };
  reactor->post(step);
  reactor->run();
  EXPECT_EQ(count, 1000);
}

TEST_P(ReactorOnlyTest, StopBeforeRunReturnsAtOnce) {
  reactor->stop();
  reactor->run();
  bool ran = false;
  reactor->post([&] {
    ran = true;
    reactor->stop();
  });
  reactor->run();  // and it can run again
  EXPECT_TRUE(ran);
}

TEST_P(ReactorOnlyTest, TimersFireInOrderAndOnce) {
  std::vector<int> fired;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 50; ++i) {
    timers.push_back(std::make_unique<Timer>(*reactor, [&fired, i] { fired.push_back(i); }));
    timers.back()->arm(std::chrono::milliseconds((50 - i) * 2));
  }
  timers[7]->cancel();
  timers[8].reset();
  timers[9]->arm(std::chrono::milliseconds(150));  // later than it was
  timers[0]->arm(std::chrono::microseconds(1));    // sooner
  EXPECT_FALSE(timers[7]->armed());
  EXPECT_TRUE(run_until([&] { return fired.size() == 48; }));
  EXPECT_EQ(fired.front(), 0);
  EXPECT_EQ(fired.back(), 9);
  fired.erase(fired.begin());
  fired.pop_back();
  EXPECT_TRUE(std::is_sorted(fired.rbegin(), fired.rend()));
  for (const auto& timer : timers) EXPECT_TRUE(timer == nullptr || !timer->armed());
}

TEST_P(ReactorOnlyTest, ATimerMayArmItself) {
  int count = 0;
  Timer timer(*reactor, [&] {
    if (++count < 20) timer.arm(Duration::zero());
  });
  timer.arm(Duration::zero());
  EXPECT_TRUE(run_until([&] { return count == 20; }));
}

TEST_P(ReactorOnlyTest, ATimerArmedForEverDoesNotFire) {
  bool fired = false;
  Timer timer(*reactor, [&] { fired = true; });
  timer.arm(Duration::max());
  run_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(fired);
  EXPECT_TRUE(timer.armed());
}

TEST_P(ReactorOnlyTest, ConnectRefused) {
  UniqueFd unused(*listen_tcp(loopback(), 1));
  const Address address = *local_address(unused.get());
  unused.reset();
  bool inside = true;
  std::optional<Error> error;
  const auto pending = reactor->connect(address, std::chrono::seconds(5), [&](auto stream) {
    EXPECT_FALSE(inside) << "called back from inside connect";
    ASSERT_FALSE(stream);
    error = stream.error();
  });
  inside = false;
  ASSERT_TRUE(run_until([&] { return error.has_value(); }));
  EXPECT_EQ(error->code, ErrorCode::kUnavailable);
  EXPECT_NE(error->text.find("refused"), std::string::npos) << error->text;
  EXPECT_NE(error->text.find(address.to_string()), std::string::npos) << error->text;
}

/// A listener that never accepts and whose queue is full: further SYNs are dropped.
class BlackHole {
 public:
  BlackHole() : listener_(*listen_tcp(loopback(), 0)), address(*local_address(listener_.get())) {
    for (int i = 0; i < 4; ++i) {
      fillers_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      static_cast<void>(::connect(fillers_.back().get(),
                                  reinterpret_cast<const sockaddr*>(&address.storage),
                                  address.length));
    }
  }

 private:
  UniqueFd listener_;
  std::vector<UniqueFd> fillers_;

 public:
  const Address address;
};

TEST_P(ReactorOnlyTest, ConnectTimesOut) {
  const BlackHole hole;
  std::optional<Error> error;
  const auto pending =
      reactor->connect(hole.address, std::chrono::milliseconds(50), [&](auto stream) {
        ASSERT_FALSE(stream);
        error = stream.error();
      });
  ASSERT_TRUE(run_until([&] { return error.has_value(); }));
  EXPECT_EQ(error->code, ErrorCode::kTimeout);
}

TEST_P(ReactorOnlyTest, DroppedConnectCallsNobody) {
  const auto nobody = [](auto) { ADD_FAILURE() << "called back"; };
  const BlackHole hole;
  auto under_way = reactor->connect(hole.address, std::chrono::milliseconds(20), nobody);
  run_for(std::chrono::milliseconds(5));
  under_way.reset();
  const Address address = listen([](std::unique_ptr<Stream>) {});
  reactor->connect(address, std::chrono::milliseconds(20), nobody).reset();
  run_for(std::chrono::milliseconds(50));
}

TEST_P(ReactorOnlyTest, ConnectsToAUnixSocket) {
  char folder[] = "/tmp/sluice-net-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const auto resolved = resolve(folder, 5432);
  ASSERT_TRUE(resolved) << resolved.error().text;
  const Address address = resolved->front();
  EXPECT_EQ(address.to_string(), std::string(folder) + "/.s.PGSQL.5432");
  listener.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ASSERT_EQ(
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length),
      0);
  ASSERT_EQ(::listen(listener.get(), 16), 0);
  Peer client, server;
  ASSERT_TRUE(reactor->listen(listener.get(),
                              [&](std::unique_ptr<Stream> s) { server.attach(std::move(s)); }));
  const auto pending = reactor->connect(address, std::chrono::seconds(5), [&](auto s) {
    ASSERT_TRUE(s) << s.error().text;
    client.attach(std::move(*s));
    client.stream->send(Bytes(pattern(5 << 20)));
  });
  EXPECT_TRUE(run_until([&] { return server.received_bytes == 5 << 20; }));
  EXPECT_TRUE(server.received == pattern(5 << 20));
  std::filesystem::remove_all(folder);
}

TEST_P(ReactorOnlyTest, ServesThousandsOfConnections) {
  constexpr size_t kConnections = 3000;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2 * kConnections + 100) GTEST_SKIP() << "too few descriptors";
  std::vector<std::unique_ptr<Peer>> servers;
  std::vector<std::unique_ptr<Peer>> clients;
  std::vector<std::unique_ptr<Reactor::PendingConnect>> pending;
  const Address address = listen([&](std::unique_ptr<Stream> s) {
    servers.push_back(std::make_unique<Peer>());
    Peer& server = *servers.back();
    server.receive = [&server](Slice data) { server.stream->send(std::move(data)); };
    server.attach(std::move(s));
  });
  size_t answered = 0;
  for (size_t i = 0; i < kConnections; ++i) {
    clients.push_back(std::make_unique<Peer>());
    Peer& client = *clients.back();
    client.receive = [&](Slice) { ++answered; };
    pending.push_back(reactor->connect(address, std::chrono::seconds(30), [&](auto s) {
      ASSERT_TRUE(s) << s.error().text;
      client.attach(std::move(*s));
    }));
  }
  ASSERT_TRUE(run_until([&] {
    return servers.size() == kConnections &&
           std::all_of(clients.begin(), clients.end(),
                       [](auto& c) { return c->stream != nullptr; });
  }));
  for (int round = 0; round < 3; ++round) {
    answered = 0;
    for (size_t i = 0; i < kConnections; ++i) {
      clients[i]->received.clear();
      clients[i]->stream->send(Bytes("round " + std::to_string(i)));
    }
    EXPECT_TRUE(run_until([&] { return answered == kConnections; }));
    for (size_t i = 0; i < kConnections; ++i) {
      ASSERT_EQ(clients[i]->received, "round " + std::to_string(i));
    }
  }
  EXPECT_EQ(reactor->buffers().in_use(), idle_buffers) << "idle streams hold buffers";
}

TEST_P(ReactorOnlyTest, RunningOutOfDescriptorsDoesNotStopTheListener) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "the sanitizer's own checks need descriptors";
#endif
#endif
  Peer server;
  const Address address = listen([&](std::unique_ptr<Stream> s) { server.attach(std::move(s)); });
  const UniqueFd raw(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const UniqueFd next(::dup(0));  // the lowest that is free
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next.get()) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  ASSERT_EQ(
      ::connect(raw.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length), 0);
  run_for(std::chrono::milliseconds(30));
  EXPECT_EQ(server.stream, nullptr);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(run_until([&] { return server.stream != nullptr; }));
}

TEST_P(ReactorOnlyTest, ClosedListenerAcceptsNoMore) {
  int accepted = 0;
  const Address address = listen([&](std::unique_ptr<Stream>) { ++accepted; });
  EXPECT_FALSE(reactor->listen(listener.get(), [](std::unique_ptr<Stream>) {}));
  run_for(std::chrono::milliseconds(2));
  reactor->close_listener(listener.get());
  listener.reset();
  run_for(std::chrono::milliseconds(2));
  const UniqueFd raw(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_NE(
      ::connect(raw.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length), 0);
  EXPECT_EQ(accepted, 0);
}

TEST_P(ReactorOnlyTest, SocketsHaveNoDelayAndKeepAlive) {
  Peer client, server;
  connect_pair(client, server);
  EXPECT_EQ(client.stream->peer().host(), "127.0.0.1");
  EXPECT_EQ(server.stream->peer().host(), "127.0.0.1");
  EXPECT_NE(server.stream->peer().port(), 0);
  int checked = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    int nodelay = 0;
    int keepalive = 0;
    sockaddr_storage name{};
    socklen_t size = sizeof nodelay;
    socklen_t name_size = sizeof name;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&name), &name_size) != 0 ||
        name.ss_family != AF_INET) {
      continue;
    }
    EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &nodelay, &size), 0);
    EXPECT_EQ(::getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &keepalive, &size), 0);
    EXPECT_EQ(nodelay, 1);
    EXPECT_EQ(keepalive, 1);
    ++checked;
  }
  EXPECT_GE(checked, 2);
}

TEST_P(ReactorOnlyTest, IsMadeOnOneThreadRunOnAnotherAndDestroyedOnTheFirst) {
  Peer client, server;
  const Address address = listen([&](std::unique_ptr<Stream> s) {
    server.receive = [&](Slice data) {
      server.stream->send(std::move(data));
      server.stream->send(Bytes(pattern(8 << 20)));  // more than anybody reads
    };
    server.attach(std::move(s));
  });
  auto pending = reactor->connect(address, std::chrono::seconds(10), [&](auto s) {
    ASSERT_TRUE(s) << s.error().text;
    client.receive = [&](Slice) {
      client.stream->pause_receive();
      reactor->stop();
    };
    client.attach(std::move(*s));
    client.stream->send(Bytes("hello"));
  });
  std::thread worker([&] { reactor->run(); });
  worker.join();
  EXPECT_EQ(client.received.substr(0, 5), "hello");
  pending.reset();
  client.stream.reset();
  server.stream.reset();
  reactor.reset();
}

TEST_P(ReactorOnlyTest, IdleStreamsAreSmall) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the sanitizer's allocator does not count";
#endif
#endif
  constexpr size_t kPairs = 200;
  std::vector<Peer> clients(kPairs);
  std::vector<Peer> servers(kPairs);
  size_t accepted = 0;
  size_t echoed = 0;
  for (size_t i = 0; i < kPairs; ++i) {
    servers[i].receive = [&, i](Slice data) { servers[i].stream->send(std::move(data)); };
    clients[i].receive = [&](Slice) { ++echoed; };
    clients[i].keep = servers[i].keep = false;
  }
  const Address address =
      listen([&](std::unique_ptr<Stream> s) { servers[accepted++].attach(std::move(s)); });
  std::vector<std::unique_ptr<Reactor::PendingConnect>> pending(kPairs);
  const auto memory = [] { return ::mallinfo2().uordblks; };
  for (size_t i = 0; i < kPairs; ++i) {
    pending[i] = reactor->connect(address, std::chrono::seconds(10),
                                  [&, i](auto s) { clients[i].attach(std::move(*s)); });
  }
  EXPECT_TRUE(run_until([&] {
    return accepted == kPairs && std::all_of(clients.begin(), clients.end(),
                                             [](const Peer& c) { return c.stream != nullptr; });
  }));
  pending.clear();
  for (Peer& client : clients) client.stream->send(Bytes("x"));
  EXPECT_TRUE(run_until([&] { return echoed == kPairs; }));
  EXPECT_EQ(reactor->buffers().in_use(), idle_buffers);
  const size_t with = memory();
  for (size_t i = 0; i < kPairs; ++i) {
    clients[i].stream.reset();
    servers[i].stream.reset();
  }
  run_for(std::chrono::milliseconds(5));
  const size_t each = (with - memory()) / (2 * kPairs);
  RecordProperty("bytes_per_idle_stream", static_cast<int>(each));
  EXPECT_GT(each, 100U);
  EXPECT_LT(each, 700U);
}

/// In a process in which io_uring is forbidden, as containers do it; exits with 0 if all is well.
void create_without_uring() {
  const sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(code), const_cast<sock_filter*>(code)};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    ::_exit(1);
  }
  const auto uring = Reactor::create(Reactor::Backend::kUring);
  const auto any = Reactor::create(Reactor::Backend::kAuto);
  if (!uring) std::fprintf(stderr, "%s\n", uring.error().text.c_str());
  ::_exit(!uring && any && (*any)->backend_name() == "epoll" ? 0 : 2);
}

TEST(ReactorCreate, WithoutIoUringSaysSoOrFallsBack) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a fresh process: nothing probed yet
  EXPECT_EXIT(create_without_uring(), testing::ExitedWithCode(0),
              "io_uring cannot be used here.*not permitted");
}

TEST(ReactorCreate, AutoGivesAWorkingReactor) {
  const auto reactor = Reactor::create(Reactor::Backend::kAuto);
  ASSERT_TRUE(reactor) << reactor.error().text;
  const auto uring = Reactor::create(Reactor::Backend::kUring);
  EXPECT_EQ((*reactor)->backend_name(), uring ? "io_uring" : "epoll");
}

}  // namespace
}  // namespace sluice::net
