#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"

namespace sluice::gateway {

class ServerConnection;
class Worker;

/// Held by everybody who has still to act on one CancelRequest; when the last lets go, the client
/// that asked is told by closing its connection, as a server does once the signal is sent.
class CancelTicket {
 public:
  explicit CancelTicket(std::function<void()> done) : done_(std::move(done)) {}
  ~CancelTicket() { done_(); }
  CancelTicket(const CancelTicket&) = delete;
  CancelTicket& operator=(const CancelTicket&) = delete;

 private:
  std::function<void()> done_;
};

/// Asks the server to cancel what `connection` is running: over a new connection, under the same
/// TLS policy. `done` is called when the server has closed it (the signal has been sent) or it
/// failed; nothing that `connection` does afterwards can be hit.
void send_cancel(Worker& worker, const ServerConnection& connection, std::function<void()> done);

}  // namespace sluice::gateway
