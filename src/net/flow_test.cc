// Back-pressure, pausing, holding and closing.

#include <atomic>
#include <thread>

#include <poll.h>
#include <sys/socket.h>

#include "net/reactor_fixture.h"

namespace sluice::net {
namespace {

class FlowTest : public ReactorTest {};
SLUICE_ON_BOTH_BACKENDS(FlowTest);

std::string read_all(int fd) {
  std::string out;
  char block[65536];
  for (;;) {
    const ssize_t count = ::recv(fd, block, sizeof block, 0);
    if (count <= 0) return out;
    out.append(block, static_cast<size_t>(count));
  }
}

size_t discard(int fd, size_t limit) {
  char block[65536];
  size_t total = 0;
  while (total < limit) {
    const ssize_t count = ::recv(fd, block, std::min(sizeof block, limit - total), 0);
    if (count <= 0) break;
    total += static_cast<size_t>(count);
  }
  return total;
}

TEST_P(FlowTest, Threat55_SlowReaderBoundsWhatIsUnsent) {
  // A relay between a source that never stops and a client that reads slowly.
  constexpr size_t kTotal = 96 << 20;
  Peer client, server;
  UniqueFd reader = connect_raw(client);
  UniqueFd writer = connect_raw(server);
  size_t most_unsent = 0;
  size_t most_buffers = 0;
  size_t most_later = 0;
  std::atomic<int> pauses{0};
  server.keep = false;
  server.receive = [&](Slice data) {
    client.stream->send(std::move(data));
    if (client.stream->unsent() > Stream::kHighWater) {
      server.stream->pause_receive();
      ++pauses;
    }
    most_unsent = std::max(most_unsent, client.stream->unsent());
    size_t& most = client.drained > 3 ? most_later : most_buffers;
    most = std::max(most, reactor->buffers().in_use() - idle_buffers);
  };
  client.when_drained = [&] {
    EXPECT_LE(client.stream->unsent(), Stream::kLowWater);
    server.stream->resume_receive();
  };
  std::thread source([&] {
    const std::string block = pattern(1 << 20);
    for (size_t sent = 0; sent < kTotal;) {
      const ssize_t n = ::send(writer.get(), block.data(), block.size(), MSG_NOSIGNAL);
      ASSERT_GT(n, 0);
      sent += static_cast<size_t>(n);
    }
    writer.reset();
  });
  std::atomic<size_t> read{0};
  std::thread sink([&] {
    while (pauses == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    while (const size_t count = discard(reader.get(), 1 << 20)) {
      read += count;
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
  });
  EXPECT_TRUE(run_until([&] { return server.closed && client.stream->unsent() == 0; }));
  client.stream.reset();
  source.join();
  run_for(std::chrono::milliseconds(20));
  sink.join();
  EXPECT_EQ(read.load(), server.received_bytes);
  EXPECT_GE(read.load(), kTotal);
  EXPECT_LE(most_unsent, Stream::kHighWater + Buffer::kSize);
  // At first, what one turn of the kernel may have received before the pause; then the queue and
  // what multishot receives post in one go, when the thread had to wait for a core.
  EXPECT_LE(most_buffers, Stream::kHighWater / Buffer::kSize + 256);
  EXPECT_LE(most_later, Stream::kHighWater / Buffer::kSize + 64);
}

TEST_P(FlowTest, TinySegmentsToAStuckClientPinLittleMemory) {
  Peer client, server;
  UniqueFd stuck = connect_raw(client);
  UniqueFd writer = connect_raw(server);
  client.stream->send(Bytes(std::string(16 << 20, 'x')));  // fills the socket for good
  run_for(std::chrono::milliseconds(20));
  const size_t before = reactor->buffers().in_use();
  server.receive = [&](Slice data) { client.stream->send(std::move(data)); };
  std::thread source([&] {
    for (int i = 0; i < 3000; ++i) {
      static_cast<void>(::send(writer.get(), "z", 1, MSG_NOSIGNAL));
      if (i % 10 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  EXPECT_TRUE(run_until([&] { return server.received_bytes == 3000; }));
  source.join();
  EXPECT_LE(reactor->buffers().in_use(), before + 2);
}

TEST_P(FlowTest, PauseStopsDeliveryAndResumeLosesNothing) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  const std::string data = pattern(24 << 20);
  int turns = 0;
  bool paused = false;
  std::unique_ptr<Timer> resume;
  server.receive = [&](Slice) {
    EXPECT_FALSE(paused) << "delivered while paused";
    if (++turns % 5 != 0) return;
    paused = true;
    server.stream->pause_receive();
    resume->arm(std::chrono::microseconds(200));
  };
  resume = std::make_unique<Timer>(*reactor, [&] {
    paused = false;
    server.stream->resume_receive();
  });
  std::thread sender([&] {
    Bytes left = data;
    while (!left.empty()) {
      const ssize_t n = ::send(raw.get(), left.data(), left.size(), MSG_NOSIGNAL);
      ASSERT_GT(n, 0);
      left.remove_prefix(static_cast<size_t>(n));
    }
    raw.reset();
  });
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  sender.join();
  EXPECT_TRUE(server.received == data);
}

TEST_P(FlowTest, WhilePausedMemoryIsBoundedAndTheWriterIsHeldUp) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->pause_receive();
  const std::string block = pattern(1 << 20);
  size_t written = 0;
  for (int quiet = 0; quiet < 20;) {
    const ssize_t n = ::send(raw.get(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) written += static_cast<size_t>(n);
    quiet = n > 0 ? 0 : quiet + 1;
    run_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(server.received_bytes, 0U);
  EXPECT_LE(reactor->buffers().in_use() - idle_buffers, 80U);
  server.stream->resume_receive();
  EXPECT_TRUE(run_until([&] { return server.received_bytes == written; }));
}

TEST_P(FlowTest, PauseAndResumeInTheSameCallbackGoesOn) {
  Peer client, server;
  connect_pair(client, server);
  server.receive = [&](Slice) {
    server.stream->pause_receive();
    server.stream->resume_receive();
  };
  const std::string data = pattern(5 << 20);
  client.stream->send(Bytes(data));
  EXPECT_TRUE(run_until([&] { return server.received_bytes == data.size(); }));
  EXPECT_TRUE(server.received == data);
}

TEST_P(FlowTest, EndIsToldAfterResume) {
  Peer client, server;
  connect_pair(client, server);
  server.stream->pause_receive();
  client.stream->send(Bytes("last words"));
  Stream::close_after_flush(std::move(client.stream));
  run_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(server.closed);
  EXPECT_EQ(server.received, "");
  server.stream->resume_receive();
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  EXPECT_EQ(server.received, "last words");
}

TEST_P(FlowTest, HoldOutputHoldsUntilReleased) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->hold_output(true);
  server.stream->send(Bytes("held"));
  run_for(std::chrono::milliseconds(20));
  char block[16];
  EXPECT_EQ(::recv(raw.get(), block, sizeof block, MSG_DONTWAIT), -1);
  EXPECT_EQ(server.stream->unsent(), 4U);
  server.stream->send(Bytes(" back"));
  server.stream->hold_output(false);
  EXPECT_TRUE(run_until([&] { return server.stream->unsent() == 0; }));
  ASSERT_EQ(::recv(raw.get(), block, sizeof block, MSG_DONTWAIT), 9);
  EXPECT_EQ(Bytes(block, 9), "held back");
}

TEST_P(FlowTest, HeldBytesNeverLeaveByClosing) {
  for (const bool flush : {false, true}) {
    Peer server;
    UniqueFd raw = connect_raw(server);
    server.stream->hold_output(true);
    server.stream->send(Bytes("not durable"));
    if (flush) {
      Stream::close_after_flush(std::move(server.stream));
    } else {
      server.stream.reset();
    }
    run_for(std::chrono::milliseconds(20));
    EXPECT_EQ(read_all(raw.get()), "");
  }
}

TEST_P(FlowTest, CloseAfterFlushSendsEverythingThenFin) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  const std::string data = pattern(20 << 20);
  // Bytes nobody reads would turn the close into a reset and cost the reader the end.
  ASSERT_EQ(::send(raw.get(), "unread", 6, 0), 6);
  server.stream->pause_receive();
  server.stream->send(Bytes(data));
  Stream::close_after_flush(std::move(server.stream));
  std::string got;
  std::thread reader([&] {
    got = read_all(raw.get());
    raw.reset();
  });
  EXPECT_TRUE(run_until([&] { return reactor->buffers().in_use() == idle_buffers; }));
  reader.join();
  EXPECT_TRUE(got == data);
}

TEST_P(FlowTest, CloseAfterFlushGivesUpOnAPeerThatDoesNotRead) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->send(Bytes(pattern(32 << 20)));
  Stream::close_after_flush(std::move(server.stream));
  // TearDown's wait for every buffer to come back is the test.
}

TEST_P(FlowTest, DestroyingClosesWithFin) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream.reset();
  run_for(std::chrono::milliseconds(10));
  char byte = 0;
  EXPECT_EQ(::recv(raw.get(), &byte, 1, MSG_DONTWAIT), 0);
}

TEST_P(FlowTest, ResetIsReported) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  const linger at_once{1, 0};
  ASSERT_EQ(::setsockopt(raw.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  raw.reset();
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  EXPECT_NE(server.reason.text.find("reset"), std::string::npos) << server.reason.text;
}

TEST_P(FlowTest, ResetWithOutputUnderWayIsReportedEvenWhilePaused) {
  // Both directions stuck: the only sign that the peer is gone is the output failing.
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->pause_receive();
  server.stream->send(Bytes(pattern(32 << 20)));
  run_for(std::chrono::milliseconds(20));
  EXPECT_GT(server.stream->unsent(), 0U);
  const linger at_once{1, 0};
  ASSERT_EQ(::setsockopt(raw.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  raw.reset();
  EXPECT_TRUE(run_until([&] { return server.closed; }));
}

TEST_P(FlowTest, LastBytesArriveAlthoughSendingFails) {
  // A database that is shut down says so and closes; what we were sending is refused.
  Peer server;
  UniqueFd raw = connect_raw(server);
  ASSERT_EQ(::send(raw.get(), "going down", 10, 0), 10);
  raw.reset();
  server.stream->send(Bytes(pattern(1 << 20)));
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  EXPECT_EQ(server.received, "going down");
}

TEST_P(FlowTest, SendingAfterTheEndIsHarmless) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  raw.reset();
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  for (int i = 0; i < 10; ++i) {
    server.stream->send(Bytes(pattern(100'000)));
    run_for(std::chrono::milliseconds(1));
  }
}

TEST_P(FlowTest, BytesBeforeTheHandlerAreKept) {
  std::unique_ptr<Stream> early;
  const Address address = listen([&](std::unique_ptr<Stream> s) { early = std::move(s); });
  UniqueFd raw(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(
      ::connect(raw.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length), 0);
  ASSERT_EQ(::send(raw.get(), "early", 5, 0), 5);
  ASSERT_TRUE(run_until([&] { return early != nullptr; }));
  run_for(std::chrono::milliseconds(5));
  Peer server;
  server.attach(std::move(early));
  EXPECT_TRUE(run_until([&] { return server.received == "early"; }));
}

}  // namespace
}  // namespace sluice::net
