#include <csignal>
#include <iostream>
#include <unordered_map>

#include <fmt/format.h>
#include <netinet/in.h>

#include "cli/credential_commands.h"
#include "cli/proxy_link.h"
#include "cli/told.h"

namespace sluice::cli {
namespace {

/// Whoever reaches the port acts as the user, so it must not be reachable from elsewhere.
bool is_loopback(const net::Address& address) {
  if (address.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  }
  if (address.storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) != 0;
  }
  return false;
}

Result<net::Address> listening_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  std::string host = text.substr(0, std::min(colon, text.size()));
  int port = -1;
  if (colon != std::string::npos && colon + 1 < text.size() &&
      text.find_first_not_of("0123456789", colon + 1) == std::string::npos &&
      text.size() - colon <= 6) {
    port = std::stoi(text.substr(colon + 1));
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  if (port < 0 || port > 65535 || host.empty()) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("expected an address such as 127.0.0.1:0, got \"{}\"", text));
  }
  SLUICE_ASSIGN(const auto addresses, net::resolve(host, static_cast<uint16_t>(port)));
  if (!is_loopback(addresses.front())) {
    return fail(ErrorCode::kDenied,
                "the proxy listens on this machine alone: whoever can connect to it acts as you");
  }
  return addresses.front();
}

class Proxy {
 public:
  Proxy(const Common& common, const ConnectOptions& options) : common_(common), options_(options) {}

  Result<> run(const Kept& first) {
    SLUICE_ASSIGN(reactor_, net::Reactor::create(net::Reactor::Backend::kAuto));
    SLUICE_ASSIGN(const auto address, listening_address(options_.listen));
    SLUICE_ASSIGN(const int fd, net::listen_tcp(address, 64));
    SLUICE_ASSIGN(const auto bound, net::local_address(fd));
    SLUICE_TRY(reactor_->listen(fd, [this](auto stream) { accept(std::move(stream)); }));
    if (common_.format == Format::kTable) std::cout << bound.to_string() << std::endl;
    told(common_,
         {{"listening", bound.to_string()},
          {"database", options_.database},
          {"user", first.user},
          {"gateway", first.gateway}},
         fmt::format("{} as \"{}\" at {}; whoever can connect to this port acts as you; "
                     "end it with Ctrl-C",
                     options_.database, first.user, first.gateway));
    std::cout << std::flush;
    reactor_->run();
    return {};
  }

 private:
  void accept(std::unique_ptr<net::Stream> stream) {
    // Read anew each time: sluice login may have renewed it.
    auto found = find_target();
    ProxyTarget target;
    if (found) {
      target = std::move(*found);
    } else {
      // The client is told as well: whoever looks at it may not see this terminal.
      std::cerr << "sluice: " << printable(found.error().text) << '\n';
      target.problem = std::move(found.error().text);
    }
    auto link = std::make_unique<ProxyLink>(
        *reactor_, std::move(stream), std::move(target),
        [this](ProxyLink* over) { reactor_->post([this, over] { links_.erase(over); }); });
    links_.emplace(link.get(), std::move(link));
  }

  Result<ProxyTarget> find_target() {
    ProxyTarget target;
    SLUICE_ASSIGN(target.kept, kept_credential(options_.gateway));
    target.database = options_.database;
    SLUICE_ASSIGN(const auto addresses, net::resolve(target.kept.host, target.kept.port));
    target.address = addresses.front();
    if (target.kept.tls) {
      // SCRAM with channel binding proves that the other end knows the credential.
      net::TlsContext::ClientOptions tls;
      tls.check = net::PeerCheck::kNone;
      SLUICE_ASSIGN(target.tls, net::TlsContext::client(tls));
    }
    return target;
  }

  const Common& common_;
  const ConnectOptions& options_;
  std::unique_ptr<net::Reactor> reactor_;
  std::unordered_map<ProxyLink*, std::unique_ptr<ProxyLink>> links_;
};

}  // namespace

Result<> proxy(const Common& common, const ConnectOptions& options) {
  SLUICE_ASSIGN(const Kept first, kept_credential(options.gateway));
  signal(SIGPIPE, SIG_IGN);
  return Proxy(common, options).run(first);
}

}  // namespace sluice::cli
