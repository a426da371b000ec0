#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sluice::http {

/// Files for a TLS connection; empty names mean the system's authorities and no certificate.
struct TlsFiles {
  std::string ca, certificate, key;
};

/// What requests and connections have in common.
struct Options {
  TlsFiles tls;
  std::string ca_setting = "tls.ca";            ///< what people name `tls.ca` in, for errors
  std::map<std::string, std::string> headers;   ///< of every request
  SecretString authorization;                   ///< value of the Authorization header
  Duration timeout = std::chrono::seconds(30);  ///< of one request, from connecting to the end
  size_t longest_answer = size_t{64} << 10;     ///< more of a body than this is not kept
  bool https_only = false;                      ///< refuse every other scheme
};

/// What an HTTP server said.
struct HttpAnswer {
  int status = 0;
  std::string body;                         ///< its first Options::longest_answer bytes
  bool cut = false;                         ///< there was more of it
  Duration retry_after = Duration::zero();  ///< Retry-After, if it was there
  /// Those that sign an answer, under their names in lower case: webhook-…. One that is there twice
  /// is not in it.
  std::map<std::string, std::string> signature_headers = {};

  bool good() const { return status >= 200 && status < 300; }
};

/// Signs requests to object stores (AWS Signature Version 4).
struct AwsKey {
  std::string region;
  std::string access_key;
  SecretString secret_key;
};

/// HTTP and HTTPS, one request at a time over a connection that is kept. Redirections are not
/// followed: what is sent goes where the configuration says.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// `stopping` ends a request that is under way.
  static Result<std::unique_ptr<HttpClient>> create(const Options& options,
                                                    const std::atomic<bool>& stopping);
  /// Asks for `url`, with the configured headers and these.
  virtual Result<HttpAnswer> get(const std::string& url,
                                 const std::map<std::string, std::string>& headers) = 0;
  /// Posts to `url`, with the configured headers and these.
  virtual Result<HttpAnswer> post(const std::string& url,
                                  const std::map<std::string, std::string>& headers,
                                  const std::string& body) = 0;
  /// Sends any other method of HTTP to `url`, with the configured headers and these.
  virtual Result<HttpAnswer> send(const std::string& method, const std::string& url,
                                  const std::map<std::string, std::string>& headers,
                                  const std::string& body) = 0;
  /// The same, and hands on the body as it comes; the answer has none of it. `take` says whether to
  /// go on.
  using Take = std::function<bool(int status, std::string_view content_type, Bytes piece)>;
  virtual Result<HttpAnswer> stream(const std::string& method, const std::string& url,
                                    const std::map<std::string, std::string>& headers,
                                    const std::string& body, const Take& take) = 0;
  /// Puts an object at `url`, signed with `key` for the service "s3".
  virtual Result<HttpAnswer> put(const std::string& url,
                                 const std::map<std::string, std::string>& headers,
                                 const std::string& body, const AwsKey& key) = 0;
};

/// A connection over which bytes go one way, with or without TLS.
class ByteConnection {
 public:
  virtual ~ByteConnection() = default;
  /// To a tcp:// or tls:// url. Checks what is configured; connects with the first send.
  static Result<std::unique_ptr<ByteConnection>> create(const std::string& url,
                                                        const Options& options,
                                                        const std::atomic<bool>& stopping);
  /// Sends all bytes and waits until the peer's kernel has acknowledged them. After an error the
  /// next call connects anew.
  virtual Result<> send(Bytes bytes) = 0;
};

}  // namespace sluice::http
