#pragma once

#include <memory>
#include <optional>
#include <string>

#include <openssl/ssl.h>

#include "base/result.h"
#include "net/buffer.h"
#include "net/peer_certificate.h"
#include "net/slice_queue.h"
#include "net/tls.h"

namespace sluice::net {

/// One TLS connection without its socket. OpenSSL takes records straight from the stream's queue of
/// received bytes and puts them straight behind its queue of bytes to send, so between records
/// nothing is held but OpenSSL's own state.
class TlsSession {
 public:
  /// `input`, `output` and `pool` outlive the session. Null and an error when OpenSSL refuses.
  static Result<std::unique_ptr<TlsSession>> server(std::shared_ptr<const TlsContext> context,
                                                    SliceQueue& input, SliceQueue& output,
                                                    BufferPool& pool);
  /// Sends `server_name` as SNI unless it is an address, and checks the peer for it as the context
  /// demands.
  static Result<std::unique_ptr<TlsSession>> client(std::shared_ptr<const TlsContext> context,
                                                    const std::string& server_name,
                                                    bool alpn_postgresql, SliceQueue& input,
                                                    SliceQueue& output, BufferPool& pool);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession() = default;

  /// Takes the handshake as far as the input goes; true once it is done. kAuthentication when the
  /// peer's certificate does not verify, else kProtocol.
  Result<bool> handshake();
  bool established() const { return established_; }

  /// The next decrypted bytes; empty when more input is needed or the peer said close_notify.
  Result<Slice> read();
  /// The peer has said that nothing follows.
  bool peer_finished() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

  /// Plain text that waits to be encrypted.
  SliceQueue& plain() { return plain_; }
  const SliceQueue& plain() const { return plain_; }
  /// Encrypts plain text until the output holds `limit` bytes or more.
  Result<> encrypt(size_t limit);
  /// Puts a close_notify alert behind the output.
  void finish();

  std::string alpn() const;
  std::string description() const;
  /// RFC 5929 section 4.1, of the server's certificate whichever side this is.
  Result<std::string> channel_binding() const;
  /// What the peer has shown once the handshake is done; nothing if it has shown none.
  std::optional<PeerCertificate> peer_certificate() const;

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  TlsSession(std::shared_ptr<const TlsContext> context, SliceQueue& input, SliceQueue& output,
             BufferPool& pool);
  static Result<std::unique_ptr<TlsSession>> create(std::shared_ptr<const TlsContext> context,
                                                    SliceQueue& input, SliceQueue& output,
                                                    BufferPool& pool);
  Result<> expect_server(const std::string& name);
  Error explain(int ssl_error) const;
  static const BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* out, size_t size, size_t* count);
  static int bio_write(BIO* bio, const char* data, size_t size, size_t* count);
  static long bio_control(BIO* bio, int command, long number, void* pointer);

  std::shared_ptr<const TlsContext> context_;
  SliceQueue& input_;
  SliceQueue& output_;
  BufferPool& pool_;
  SliceQueue plain_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool established_ = false;
};

}  // namespace sluice::net
