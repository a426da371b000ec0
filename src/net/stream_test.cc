#include "net/stream.h"

#include <thread>

#include <sys/socket.h>

#include "net/reactor_fixture.h"

namespace sluice::net {
namespace {

class StreamTest : public ReactorTest {};
SLUICE_ON_BOTH_BACKENDS(StreamTest);

/// Has `source` send `total` bytes of `block`s, no faster than they are taken.
void pump_out(Peer& source, const std::string& data, size_t& offset) {
  while (offset < data.size() && source.stream->unsent() <= Stream::kHighWater) {
    const size_t count = std::min<size_t>(data.size() - offset, 40'000);
    source.stream->send(Bytes(data).substr(offset, count));
    offset += count;
  }
}

TEST_P(StreamTest, EchoesManyMegabytesBothWays) {
  Peer client, server;
  connect_pair(client, server);
  const std::string data = pattern(64 << 20);
  size_t offset = 0;
  server.keep = false;
  server.receive = [&](Slice slice) {
    server.stream->send(std::move(slice));
    if (server.stream->unsent() > Stream::kHighWater) server.stream->pause_receive();
  };
  server.when_drained = [&] { server.stream->resume_receive(); };
  client.when_drained = [&] { pump_out(client, data, offset); };
  pump_out(client, data, offset);
  ASSERT_TRUE(run_until([&] { return client.received_bytes == data.size(); }));
  EXPECT_TRUE(client.received == data);  // not EQ: 64 MiB make no message
  EXPECT_EQ(client.stream->unsent(), 0U);
  EXPECT_GT(client.drained, 0);
}

TEST_P(StreamTest, GathersSmallSendsInOrder) {
  Peer client, server;
  connect_pair(client, server);
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string piece = pattern(static_cast<size_t>(i % 97), static_cast<uint32_t>(i));
    client.stream->send(Bytes(piece));
    expected += piece;
  }
  EXPECT_EQ(client.stream->unsent(), expected.size());
  // Small pieces share buffers instead of pinning one each.
  EXPECT_LE(reactor->buffers().in_use() - idle_buffers, expected.size() / Buffer::kSize + 1);
  ASSERT_TRUE(run_until([&] { return server.received_bytes == expected.size(); }));
  EXPECT_TRUE(server.received == expected);
}

TEST_P(StreamTest, ReportsTheEndAfterTheData) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  const std::string data = pattern(3 << 20);
  std::thread sender([&] {
    Bytes left = data;
    while (!left.empty()) {
      const ssize_t n = ::send(raw.get(), left.data(), left.size(), MSG_NOSIGNAL);
      ASSERT_GT(n, 0);
      left.remove_prefix(static_cast<size_t>(n));
    }
    raw.reset();
  });
  ASSERT_TRUE(run_until([&] { return server.closed; }));
  sender.join();
  EXPECT_TRUE(server.received == data);
  EXPECT_EQ(server.reason.code, ErrorCode::kUnavailable);
  EXPECT_EQ(server.reason.text, "closed by peer");
}

}  // namespace
}  // namespace sluice::net
