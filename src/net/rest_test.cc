// Rests between receives from peers that go on sending (steady_flow.h).

#include <thread>

#include <sys/socket.h>

#include "net/reactor_fixture.h"
#include "net/steady_flow.h"

namespace sluice::net {
namespace {

class RestTest : public ReactorTest {
 public:
  /// Has the stream rest: sends chunks, each of which is received before the next.
  void make_rest(Peer& server, int raw) {
    const std::string chunk = pattern(SteadyFlow::kChunk);
    // One more than it takes: io_uring's receive for many must be cancelled first.
    for (int i = 0; i <= SteadyFlow::kSteady; ++i) {
      const size_t before = server.received_bytes;
      ASSERT_EQ(::send(raw, chunk.data(), chunk.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(chunk.size()));
      ASSERT_TRUE(run_until([&] { return server.received_bytes == before + chunk.size(); }));
    }
  }
};
SLUICE_ON_BOTH_BACKENDS(RestTest);

TEST_P(RestTest, SeveralChunksAreTakenInOneGo) {
  constexpr int kChunks = 600;
  Peer server;
  UniqueFd raw = connect_raw(server);
  make_rest(server, raw.get());
  const size_t before = server.received_bytes;
  int receives = 0;
  server.receive = [&](const Slice&) { ++receives; };
  std::thread source([&] {
    const std::string chunk = pattern(SteadyFlow::kChunk);
    for (int i = 0; i < kChunks; ++i) {
      ASSERT_GT(::send(raw.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL), 0);
      std::this_thread::sleep_for(std::chrono::microseconds(1));  // some 55, as a server takes
    }
  });
  EXPECT_TRUE(
      run_until([&] { return server.received_bytes == before + kChunks * SteadyFlow::kChunk; }));
  source.join();
  EXPECT_LE(receives, kChunks / 2) << "woken for each";
}

TEST_P(RestTest, NothingIsLostAroundRests) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  make_rest(server, raw.get());
  server.received.clear();
  std::string sent;
  for (uint32_t i = 0; i < 300; ++i) {
    // Small ones end the flow, full buffers are not rested after, the others are.
    const std::string data = pattern(i % 7 == 0 ? 100 : i % 5 == 0 ? 40'000 : 9'000, i);
    for (Bytes left = data; !left.empty();) {
      const ssize_t n = ::send(raw.get(), left.data(), left.size(), MSG_NOSIGNAL);
      ASSERT_GT(n, 0);
      left.remove_prefix(static_cast<size_t>(n));
    }
    sent += data;
    if (i % 3 == 0) run_for(std::chrono::microseconds(50));
    if (i % 11 == 0) server.stream->send(Bytes("go on"));
    if (i % 13 == 0) server.stream->pause_receive();
    if (i % 13 == 2) server.stream->resume_receive();
  }
  server.stream->resume_receive();
  EXPECT_TRUE(
      run_until([&] { return server.received_bytes >= sent.size() && server.received == sent; }));
}

TEST_P(RestTest, TheEndIsToldAfterTheRest) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  make_rest(server, raw.get());
  server.receive = [&](const Slice&) { raw.reset(); };  // while it rests after this
  const std::string chunk = pattern(SteadyFlow::kChunk);
  ASSERT_GT(::send(raw.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL), 0);
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  EXPECT_EQ(server.reason.text, "closed by peer");
}

TEST_P(RestTest, MayBeDestroyedWhileItRests) {
  Peer server, other;
  UniqueFd raw = connect_raw(server);
  UniqueFd alive = connect_raw(other);
  make_rest(server, raw.get());
  make_rest(other, alive.get());
  const std::string chunk = pattern(SteadyFlow::kChunk);
  bool gone = false;
  server.receive = [&](const Slice&) { gone = true; };
  ASSERT_GT(::send(raw.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL), 0);
  while (!gone) run_for(std::chrono::microseconds(20));
  server.stream.reset();
  const size_t before = other.received_bytes;
  ASSERT_GT(::send(alive.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL), 0);
  EXPECT_TRUE(run_until([&] { return other.received_bytes == before + chunk.size(); }));
}

}  // namespace
}  // namespace sluice::net
