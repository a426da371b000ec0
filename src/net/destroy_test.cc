// The owner may destroy a stream at any moment. Run under AddressSanitizer, these tests show that
// nothing is used afterwards; without it, that nothing hangs and no buffer is lost.

#include <sys/socket.h>

#include "net/reactor_fixture.h"

namespace sluice::net {
namespace {

class DestroyTest : public ReactorTest {};
SLUICE_ON_BOTH_BACKENDS(DestroyTest);

TEST_P(DestroyTest, InOnReceive) {
  for (const bool flush : {false, true}) {
    Peer client, server;
    connect_pair(client, server);
    server.receive = [&](Slice data) {
      server.stream->send(std::move(data));
      if (flush) {
        Stream::close_after_flush(std::move(server.stream));
      } else {
        server.stream.reset();
      }
    };
    client.stream->send(Bytes(pattern(2 << 20)));  // more of it is under way
    EXPECT_TRUE(run_until([&] { return client.closed; }));
    EXPECT_EQ(server.stream, nullptr);
  }
}

TEST_P(DestroyTest, BothEndsOfARelayInOneBatch) {
  // Each of two streams destroys the other, whose events may be in the same batch.
  for (int round = 0; round < 20; ++round) {
    Peer a, b;
    UniqueFd raw_a = connect_raw(a);
    UniqueFd raw_b = connect_raw(b);
    a.receive = [&](Slice) { b.stream.reset(); };
    b.receive = [&](Slice) { a.stream.reset(); };
    ASSERT_EQ(::send(raw_a.get(), "x", 1, 0), 1);
    ASSERT_EQ(::send(raw_b.get(), "x", 1, 0), 1);
    EXPECT_TRUE(run_until([&] { return a.received_bytes + b.received_bytes > 0; }));
    run_for(std::chrono::milliseconds(1));
    EXPECT_EQ(a.received_bytes + b.received_bytes, 1U);
  }
}

TEST_P(DestroyTest, InOnClosed) {
  Peer client, server;
  connect_pair(client, server);
  server.when_closed = [&] { server.stream.reset(); };
  client.stream.reset();
  EXPECT_TRUE(run_until([&] { return server.closed; }));
}

TEST_P(DestroyTest, InOnClosedWithOutputQueued) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->send(Bytes(pattern(32 << 20)));
  run_for(std::chrono::milliseconds(5));
  server.when_closed = [&] { server.stream.reset(); };
  raw.reset();
  EXPECT_TRUE(run_until([&] { return server.closed; }));
}

TEST_P(DestroyTest, InOnDrained) {
  Peer client, server;
  connect_pair(client, server);
  client.when_drained = [&] { client.stream.reset(); };
  client.stream->send(Bytes(pattern(1 << 20)));
  EXPECT_TRUE(run_until([&] { return client.drained == 1 && server.closed; }));
}

TEST_P(DestroyTest, WhileASendWaitsForRoom) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->send(Bytes(pattern(32 << 20)));
  run_for(std::chrono::milliseconds(20));
  EXPECT_GT(server.stream->unsent(), 0U);
  server.stream.reset();
  run_for(std::chrono::milliseconds(5));
  EXPECT_EQ(reactor->buffers().in_use(), idle_buffers);
}

TEST_P(DestroyTest, WithBytesQueuedButNotSubmitted) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->send(Bytes("never leaves"));
  server.stream.reset();
  run_for(std::chrono::milliseconds(5));
  char byte = 0;
  EXPECT_EQ(::recv(raw.get(), &byte, 1, MSG_DONTWAIT), 0);
}

TEST_P(DestroyTest, WhilePausedWithAFloodWaiting) {
  Peer client, server;
  connect_pair(client, server);
  server.receive = [&](Slice) { server.stream->pause_receive(); };
  client.stream->send(Bytes(pattern(16 << 20)));
  run_for(std::chrono::milliseconds(20));
  EXPECT_LE(server.received_bytes, Buffer::kSize);
  server.stream.reset();
  EXPECT_TRUE(run_until([&] { return client.closed; }));
}

TEST_P(DestroyTest, PausedThenResumedThenDestroyedInDelivery) {
  Peer client, server;
  connect_pair(client, server);
  server.stream->pause_receive();
  client.stream->send(Bytes(pattern(1 << 20)));
  run_for(std::chrono::milliseconds(10));
  server.receive = [&](Slice) { server.stream.reset(); };
  server.stream->resume_receive();
  EXPECT_TRUE(run_until([&] { return server.received_bytes > 0; }));
  EXPECT_LE(server.received_bytes, Buffer::kSize);
}

TEST_P(DestroyTest, InTheAcceptAndConnectCallbacks) {
  int accepted = 0;
  int connected = 0;
  const Address address = listen([&](std::unique_ptr<Stream>) { ++accepted; });
  std::unique_ptr<Reactor::PendingConnect> pending;
  pending = reactor->connect(address, std::chrono::seconds(5), [&](auto stream) {
    EXPECT_TRUE(stream);
    ++connected;
    pending.reset();
  });
  EXPECT_TRUE(run_until([&] { return accepted == 1 && connected == 1; }));
}

TEST_P(DestroyTest, InATimer) {
  Peer client, server;
  connect_pair(client, server);
  std::unique_ptr<Timer> timer = std::make_unique<Timer>(*reactor, [&] {
    server.stream.reset();
    timer.reset();  // from inside its own callback
  });
  timer->arm(std::chrono::milliseconds(1));
  EXPECT_TRUE(run_until([&] { return client.closed; }));
  EXPECT_EQ(timer, nullptr);
}

TEST_P(DestroyTest, ReactorWithEverythingUnderWay) {
  {
    Peer client, server, stuck;
    UniqueFd raw = connect_raw(stuck);
    connect_pair(client, server);
    server.receive = [&](Slice) { server.stream->pause_receive(); };
    client.stream->send(Bytes(pattern(16 << 20)));
    stuck.stream->send(Bytes(pattern(16 << 20)));
    const Address address = listen([](std::unique_ptr<Stream>) {});
    const auto pending = reactor->connect(address, std::chrono::seconds(5), [](auto) {});
    run_for(std::chrono::milliseconds(10));
  }
  reactor.reset();
  listener.reset();
}

TEST_P(DestroyTest, ManyShortLivedConnections) {
  std::vector<std::unique_ptr<Peer>> servers;
  const Address address = listen([&](std::unique_ptr<Stream> s) {
    servers.push_back(std::make_unique<Peer>());
    Peer& server = *servers.back();
    server.attach(std::move(s));
    server.receive = [&server](Slice data) {
      server.stream->send(std::move(data));
      Stream::close_after_flush(std::move(server.stream));
    };
  });
  int finished = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<std::unique_ptr<Peer>> clients;
    std::vector<std::unique_ptr<Reactor::PendingConnect>> pending;
    const int goal = finished + 100;
    for (int i = 0; i < 100; ++i) {
      clients.push_back(std::make_unique<Peer>());
      Peer& client = *clients.back();
      client.when_closed = [&] {
        EXPECT_EQ(client.received, "bye");
        client.stream.reset();
        ++finished;
      };
      pending.push_back(reactor->connect(address, std::chrono::seconds(10), [&](auto s) {
        ASSERT_TRUE(s);
        client.attach(std::move(*s));
        client.stream->send(Bytes("bye"));
      }));
    }
    EXPECT_TRUE(run_until([&] { return finished == goal; }));
  }
}

}  // namespace
}  // namespace sluice::net
