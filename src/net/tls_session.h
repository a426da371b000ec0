#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "net/tls.h"

namespace sluice::net {

/// One TLS connection without a socket: records in, plain text out, and the other way round. Holds
/// no buffer of its own between records.
class TlsSession {
 public:
  using Output = std::function<void(Bytes)>;  ///< where TLS records go

  TlsSession(std::shared_ptr<const TlsContext> context, bool server, const std::string& server_name,
             bool alpn_postgresql, Output output);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Offers received bytes; they are taken by `handshake` and `read`, and must stay alive until
  /// those have said that they want more.
  void feed(Bytes records) { input_ = records; }

  enum class Progress : uint8_t { kDone, kWantMore, kClosed, kFailed };
  Progress handshake();
  /// Decrypts into `out`; kDone with `count` bytes, or why not.
  Progress read(char* out, size_t size, size_t& count);
  /// Encrypts all of `plain` into the output.
  bool write(Bytes plain);
  void close_notify();

  bool established() const { return established_; }
  /// Why the last call failed.
  const Error& problem() const { return problem_; }
  std::string alpn() const;
  std::string description() const;
  Result<std::string> channel_binding() const;

 private:
  static BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* out, size_t size, size_t* count);
  static int bio_write(BIO* bio, const char* data, size_t size, size_t* count);
  static long bio_ctrl(BIO* bio, int command, long number, void* pointer);
  Progress failed(int result);

  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool server_;
  bool established_ = false;
  Bytes input_;
  Output output_;
  Error problem_;
};

}  // namespace sluice::net
