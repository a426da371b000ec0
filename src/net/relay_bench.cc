// A bare relay: bytes go from a client to a server and back, and nothing looks at them. What it
// costs is the floor for a gateway on this machine; bench/run.py measures it beside the others.
//
//   net_bench LISTEN_PORT SERVER_PORT io_uring|epoll

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <netinet/in.h>

#include "net/reactor.h"
#include "net/socket.h"

namespace sluice::net {
namespace {

Address loopback(const char* port) {
  Address address;
  auto* const name = reinterpret_cast<sockaddr_in*>(&address.storage);
  name->sin_family = AF_INET;
  name->sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
  name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.length = sizeof *name;
  return address;
}

class Relay;
using Relays = std::unordered_map<const Relay*, std::unique_ptr<Relay>>;

/// One client's stream tied to one of the server's; goes when either ends.
class Relay {
 public:
  Relay(Reactor& reactor, Relays& relays, std::unique_ptr<Stream> client,
        std::unique_ptr<Stream> server)
      : reactor_(reactor),
        relays_(relays),
        client_(*this, std::move(client)),
        server_(*this, std::move(server)) {
    client_.other = server_.stream.get();
    server_.other = client_.stream.get();
  }

 private:
  struct Side final : StreamHandler {
    Side(Relay& r, std::unique_ptr<Stream> s) : relay(r), stream(std::move(s)) {
      stream->set_handler(this);
    }
    void on_receive(Slice data) override { other->send(std::move(data)); }
    void on_drained() override {}
    void on_closed(const Error&) override { relay.end(); }
    Relay& relay;
    std::unique_ptr<Stream> stream;
    Stream* other = nullptr;
  };

  /// Not from within a handler of its own streams.
  void end() {
    if (std::exchange(ended_, true)) return;
    reactor_.post([&relays = relays_, self = this] { relays.erase(self); });
  }

  Reactor& reactor_;
  Relays& relays_;
  Side client_;
  Side server_;
  bool ended_ = false;
};

int relay(const char* port, const char* server_port, Reactor::Backend backend) {
  auto made = Reactor::create(backend);
  auto listener = listen_tcp(loopback(port), 1024);
  if (!made || !listener) {
    std::fprintf(stderr, "%s\n", (made ? listener.error() : made.error()).text.c_str());
    return 1;
  }
  Reactor& reactor = **made;
  const UniqueFd front(*listener);
  const Address server = loopback(server_port);
  Relays relays;
  std::unordered_map<uint64_t, std::unique_ptr<Reactor::PendingConnect>> pending;
  uint64_t count = 0;
  static_cast<void>(reactor.listen(front.get(), [&](std::unique_ptr<Stream> accepted) {
    auto client = std::make_shared<std::unique_ptr<Stream>>(std::move(accepted));
    pending[++count] =
        reactor.connect(server, std::chrono::seconds(5),
                        [&, client, id = count](Result<std::unique_ptr<Stream>> connected) {
                          if (connected) {
                            auto made_relay = std::make_unique<Relay>(
                                reactor, relays, std::move(*client), std::move(*connected));
                            relays.emplace(made_relay.get(), std::move(made_relay));
                          }
                          reactor.post([&pending, id] { pending.erase(id); });
                        });
  }));
  reactor.run();
  return 0;
}

}  // namespace
}  // namespace sluice::net

int main(int argc, char** argv) {
  using sluice::net::Reactor;
  if (argc != 4) {
    std::fprintf(stderr, "usage: net_bench LISTEN_PORT SERVER_PORT io_uring|epoll\n");
    return 2;
  }
  const bool uring = std::string_view(argv[3]) == "io_uring";
  return sluice::net::relay(argv[1], argv[2],
                            uring ? Reactor::Backend::kUring : Reactor::Backend::kEpoll);
}
