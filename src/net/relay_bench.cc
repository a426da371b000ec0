// What a bare relay costs: CPU of the relaying process for each request and answer, on either back
// end, as measured by getrusage. The peers are processes of their own and do not count.
//
//   net_bench [connections] [seconds]

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <unordered_set>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/reactor.h"
#include "net/socket.h"

namespace sluice::net {
namespace {

constexpr size_t kRequest = 60;  // about a Bind/Execute/Sync
constexpr size_t kAnswer = 250;  // and a small row

Address loopback(uint16_t port) {
  Address address;
  auto* const name = reinterpret_cast<sockaddr_in*>(&address.storage);
  name->sin_family = AF_INET;
  name->sin_port = htons(port);
  name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.length = sizeof *name;
  return address;
}

/// Answers every request; for ever.
[[noreturn]] void serve(int listener) {
  const int poll = ::epoll_create1(0);
  epoll_event event{EPOLLIN, {.fd = listener}};
  ::epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  std::vector<char> data(kAnswer);
  epoll_event events[64];
  for (;;) {
    const int count = ::epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        const int peer = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        event.data.fd = peer;
        if (peer >= 0) ::epoll_ctl(poll, EPOLL_CTL_ADD, peer, &event);
      } else if (::recv(fd, data.data(), kRequest, 0) <= 0) {
        ::close(fd);
      } else {
        static_cast<void>(::send(fd, data.data(), kAnswer, MSG_NOSIGNAL));
      }
    }
  }
}

/// Keeps one request under way on each connection; counts in shared memory would disturb, so the
/// relay counts.
[[noreturn]] void load(uint16_t port, int connections) {
  const int poll = ::epoll_create1(0);
  const Address address = loopback(port);
  std::vector<char> data(kAnswer);
  for (int i = 0; i < connections; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0) {
      ::_exit(1);
    }
    epoll_event event{EPOLLIN, {.fd = fd}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    static_cast<void>(::send(fd, data.data(), kRequest, MSG_NOSIGNAL));
  }
  epoll_event events[64];
  for (;;) {
    const int count = ::epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (::recv(fd, data.data(), kAnswer, 0) <= 0) ::_exit(0);
      static_cast<void>(::send(fd, data.data(), kRequest, MSG_NOSIGNAL));
    }
  }
}

/// One client's stream tied to one of the server's.
class Relay {
 public:
  Relay(std::unique_ptr<Stream> client, std::unique_ptr<Stream> server, uint64_t& answers)
      : client_(*this, std::move(client)), server_(*this, std::move(server)), answers_(answers) {
    client_.other = server_.stream.get();
    server_.other = client_.stream.get();
  }

 private:
  struct Side final : StreamHandler {
    Side(Relay& r, std::unique_ptr<Stream> s) : relay(r), stream(std::move(s)) {
      stream->set_handler(this);
    }
    void on_receive(Slice data) override {
      if (this == &relay.server_) ++relay.answers_;
      other->send(std::move(data));
    }
    void on_drained() override {}
    void on_closed(const Error&) override {}
    Relay& relay;
    std::unique_ptr<Stream> stream;
    Stream* other = nullptr;
  };
  Side client_;
  Side server_;
  uint64_t& answers_;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void measure(Reactor::Backend backend, int connections, int seconds) {
  auto made = Reactor::create(backend);
  if (!made) {
    std::printf("%s\n", made.error().text.c_str());
    return;
  }
  const auto reactor = std::move(*made);
  const UniqueFd database(*listen_tcp(loopback(0), 1024));
  const UniqueFd front(*listen_tcp(loopback(0), 1024));
  const Address upstream = *local_address(database.get());
  const uint16_t port = local_address(front.get())->port();

  const pid_t server = ::fork();
  if (server == 0) serve(database.get());
  const pid_t client = ::fork();
  if (client == 0) load(port, connections);

  uint64_t answers = 0;
  std::vector<std::unique_ptr<Relay>> relays;
  std::vector<std::unique_ptr<Reactor::PendingConnect>> pending;
  static_cast<void>(reactor->listen(front.get(), [&](std::unique_ptr<Stream> accepted) {
    auto shared = std::make_shared<std::unique_ptr<Stream>>(std::move(accepted));
    pending.push_back(reactor->connect(
        upstream, std::chrono::seconds(5), [&, shared](Result<std::unique_ptr<Stream>> connected) {
          if (!connected) std::abort();
          relays.push_back(
              std::make_unique<Relay>(std::move(*shared), std::move(*connected), answers));
        }));
  }));
  double cpu = 0;
  uint64_t counted = 0;
  Timer begin(*reactor, [&] {
    cpu = cpu_seconds();
    counted = answers;
  });
  Timer end(*reactor, [&] { reactor->stop(); });
  begin.arm(std::chrono::seconds(1));
  end.arm(std::chrono::seconds(1 + seconds));
  reactor->run();
  cpu = cpu_seconds() - cpu;
  counted = answers - counted;
  ::kill(client, SIGKILL);
  ::kill(server, SIGKILL);
  while (::wait(nullptr) > 0) {
  }
  std::printf("%-8s %5d connections  %8.0f requests/s  %6.2f us CPU each\n",
              std::string(reactor->backend_name()).c_str(), connections,
              static_cast<double>(counted) / seconds, cpu * 1e6 / static_cast<double>(counted));
}

}  // namespace
}  // namespace sluice::net

int main(int argc, char** argv) {
  using sluice::net::Reactor;
  const int connections = argc > 1 ? std::atoi(argv[1]) : 32;
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 4;
  for (const auto backend : {Reactor::Backend::kEpoll, Reactor::Backend::kUring}) {
    sluice::net::measure(backend, connections, seconds);
  }
  return 0;
}
