#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/kept.h"
#include "net/reactor.h"
#include "net/stream.h"
#include "net/tls.h"
#include "wire/postgres/framer.h"
#include "wire/postgres/scram.h"
#include "wire/postgres/startup.h"

namespace sluice::cli {

/// How the proxy reaches the gateway, and as whom.
struct ProxyTarget {
  Kept kept;
  std::string database;
  net::Address address;
  std::shared_ptr<const net::TlsContext> tls;  ///< null: without
  std::string problem = {};  ///< why nobody can be let in, and what to do; empty: they can
};

/// One client of `sluice proxy` and its connection to the gateway: logs in there with the kept
/// credential in place of whatever the client says, then passes bytes on both ways.
class ProxyLink {
 public:
  /// `over` is called once, last, from the loop: the link may be destroyed in a task posted from
  /// it.
  ProxyLink(net::Reactor& reactor, std::unique_ptr<net::Stream> client, ProxyTarget target,
            std::function<void(ProxyLink*)> over);

 private:
  enum class Phase : uint8_t {
    kStartup,
    kConnecting,
    kSslAnswer,
    kHandshake,
    kLogin,
    kRelay,
    kOver
  };
  /// One end of the link.
  struct End : net::StreamHandler {
    End(ProxyLink& owner, bool is_client) : link(owner), client(is_client) {}
    void on_receive(net::Slice data) override { link.receive(client, std::move(data)); }
    void on_drained() override { link.drained(client); }
    void on_secured() override { link.send_startup(); }
    void on_closed(const Error& reason) override { link.closed(client, reason); }
    ProxyLink& link;
    const bool client;
    std::unique_ptr<net::Stream> stream;
  };

  void receive(bool from_client, net::Slice data);
  void receive_startup(Bytes data);
  void connect();
  void connected(Result<std::unique_ptr<net::Stream>> stream);
  void ssl_answer(Bytes data);
  void send_startup();
  void receive_login(net::Slice data);
  bool on_login_message(char type, Bytes body, Bytes whole);
  bool on_authentication(Bytes body);
  void drained(bool client);
  void closed(bool client, const Error& reason);
  void refuse(std::string_view text, std::string_view hint = {});
  void finish();

  net::Reactor& reactor_;
  ProxyTarget target_;
  std::function<void(ProxyLink*)> over_;
  End client_{*this, true};
  End gateway_{*this, false};
  Phase phase_ = Phase::kStartup;
  std::string startup_;      ///< of the client, as far as it has come
  std::string first_;        ///< what is sent to the gateway once it is reached
  bool cancelling_ = false;  ///< that is a cancel request
  std::optional<wire::postgres::ScramClient> scram_;
  bool verified_ = false;  ///< the gateway has proved that it knows the credential
  wire::postgres::Framer framer_;
  std::unique_ptr<net::Reactor::PendingConnect> pending_;
};

}  // namespace sluice::cli
