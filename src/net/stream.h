#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "net/address.h"
#include "net/buffer.h"
#include "net/peer_certificate.h"
#include "net/tls.h"

namespace sluice::net {

/// What a stream tells its owner. All calls come on the reactor's thread, never from inside a call
/// the owner makes into the stream (so the owner needs no re-entrancy guard).
/// The owner may destroy the stream in any of them.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  /// Bytes from the peer (decrypted under TLS), in order, at most Buffer::kSize at a time.
  virtual void on_receive(Slice data) = 0;
  /// `unsent()` came down to kLowWater or less after having been above kHighWater.
  virtual void on_drained() = 0;
  /// TLS is up. `on_receive` for anything decrypted comes after it.
  virtual void on_secured() {}
  /// The peer closed (code kUnavailable, text "closed by peer"), the connection broke, or TLS
  /// failed (kProtocol, kAuthentication for a certificate that does not verify; text says why).
  /// Comes once; nothing comes after it. Bytes received before are delivered first.
  /// While receiving is paused, a close waits for the resume; a broken connection is told at once,
  /// and what was kept back is dropped.
  virtual void on_closed(const Error& reason) = 0;
};

/// One connected socket of a reactor: ordered bytes in and out, TLS when asked for, back-pressure
/// by `unsent()` and `pause_receive()`. Holds no buffer while idle.
class Stream {
 public:
  static constexpr size_t kHighWater = 256 * 1024;
  static constexpr size_t kLowWater = 64 * 1024;

  /// Drops unsent bytes and closes at once (with a FIN, not a reset, where nothing was unread).
  virtual ~Stream() = default;

  virtual void set_handler(StreamHandler* handler) = 0;

  /// Queues bytes; nothing is sent before control returns to the reactor, so all that one event
  /// produces goes out in one system call where it can. Never blocks, never refuses: the caller
  /// watches `unsent()` and pauses whatever feeds it above kHighWater.
  virtual void send(Slice data) = 0;
  /// The same with a copy, gathered behind what is already queued.
  virtual void send(Bytes data) = 0;
  virtual size_t unsent() const = 0;

  /// While held, queued bytes stay queued (durability gate).
  virtual void hold_output(bool held) = 0;

  /// Stops and restarts delivery of received bytes; while paused the kernel's window fills and the
  /// peer is slowed down. Bytes that had been received already are kept and delivered on resume.
  virtual void pause_receive() = 0;
  virtual void resume_receive() = 0;

  /// Starts TLS; from now on received bytes are TLS records. `received` holds bytes that came with
  /// the message that asked for TLS and belong to the handshake (direct TLS); else empty.
  /// The client form sends SNI and checks the peer for `server_name` as the context demands.
  virtual void start_tls_server(std::shared_ptr<const TlsContext> context, Slice received) = 0;
  virtual void start_tls_client(std::shared_ptr<const TlsContext> context,
                                const std::string& server_name, bool alpn_postgresql) = 0;
  virtual bool is_tls() const = 0;
  /// ALPN protocol the handshake settled on, or empty.
  virtual std::string alpn() const = 0;
  /// RFC 5929 `tls-server-end-point`: hash of the server's certificate (ours when we are server).
  virtual Result<std::string> channel_binding() const = 0;
  /// What the peer has shown; nothing without TLS or a certificate. Parses it: once a connection.
  virtual std::optional<PeerCertificate> peer_certificate() const = 0;
  /// "TLSv1.3 TLS_AES_256_GCM_SHA384", or empty.
  virtual std::string tls_description() const = 0;

  /// Sends what is queued (for at most two seconds), then closes; the handler gets no more calls.
  /// The caller must not touch the stream afterwards: hand over the ownership.
  static void close_after_flush(std::unique_ptr<Stream> stream);

  virtual const Address& peer() const = 0;

 protected:
  virtual void detach_and_flush(std::unique_ptr<Stream> self) = 0;
};

}  // namespace sluice::net
