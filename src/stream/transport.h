#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "config/streams.h"

namespace sluice::stream {

/// What an HTTP server said.
struct HttpAnswer {
  int status = 0;
  std::string body;                         ///< the first 64 KiB
  Duration retry_after = Duration::zero();  ///< Retry-After, if it was there

  bool good() const { return status >= 200 && status < 300; }
};

/// Signs requests to object stores (AWS Signature Version 4).
struct AwsKey {
  std::string region;
  std::string access_key;
  SecretString secret_key;
};

/// HTTP and HTTPS, one request at a time over a connection that is kept. Redirections are not
/// followed: records go where the configuration says.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// `stopping` ends a request that is under way.
  static Result<std::unique_ptr<HttpClient>> create(const config::StreamConfig& config,
                                                    const std::atomic<bool>& stopping);
  /// Posts to `url`, with the configured headers and these.
  virtual Result<HttpAnswer> post(const std::string& url,
                                  const std::map<std::string, std::string>& headers,
                                  const std::string& body) = 0;
  /// Puts an object at `url`, signed with `key` for the service "s3".
  virtual Result<HttpAnswer> put(const std::string& url,
                                 const std::map<std::string, std::string>& headers,
                                 const std::string& body, const AwsKey& key) = 0;
};

/// A connection over which bytes go one way, with or without TLS.
class ByteConnection {
 public:
  virtual ~ByteConnection() = default;
  /// Checks what is configured; connects with the first send.
  static Result<std::unique_ptr<ByteConnection>> create(const config::StreamConfig& config,
                                                        const std::atomic<bool>& stopping);
  /// Sends all bytes and waits until the peer's kernel has acknowledged them. After an error the
  /// next call connects anew.
  virtual Result<> send(Bytes bytes) = 0;
};

}  // namespace sluice::stream
