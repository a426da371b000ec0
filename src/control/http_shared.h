#pragma once

// Beast is slow to compile: this is for http_server.cc.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>

#include "control/fair_pool.h"
#include "control/http_bounds.h"
#include "control/http_server.h"
#include "control/large_bodies.h"
#include "control/tally.h"
#include "net/peer_network.h"

namespace sluice::control {

/// What all connections of a server have in common; counted on the server's thread alone.
struct Shared {
  Tally open{kMaxConnections, kMostConnectionsOfOne}, streams{kMaxStreams, kMostStreamsOfOne};
  Tally large{kMostOfLarge, kMostOfLargeOfOne};
  std::atomic<bool> addresses_are_shared = false;
  LargeBodies may_send_large;               ///< null: everybody
  boost::asio::thread_pool pool{1};         ///< for what takes long
  FairPool many{kPoolThreads, kMostOfOne};  ///< and for what may run beside others
  std::shared_ptr<boost::asio::ssl::context> tls;
};

/// From where somebody comes; empty: by the file system.
inline std::string source_of(const boost::asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "?";
  return net::network_of(endpoint.address().to_string());
}
inline std::string source_of(const boost::asio::local::stream_protocol::socket&) { return {}; }

/// One of the connections that are counted, taken already.
class Place {
 public:
  Place(Shared& shared, std::string source) : shared_(&shared), source_(std::move(source)) {}
  ~Place() { shared_->open.give_back(source_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  Shared& shared() const { return *shared_; }
  TallyShare large() const { return {shared_->large, source_}; }

 private:
  Shared* shared_;
  const std::string source_;
};

/// What a connection is made of before it is known what it speaks.
struct Arrival {
  std::unique_ptr<Place> place;
  std::shared_ptr<HttpHandler> handler;
  boost::beast::flat_buffer received{64 * 1024};
};

}  // namespace sluice::control
