#include "stream/http_anchor.h"

#include "base/base64.h"
#include "base/hash.h"
#include "stream/http_answer.h"
#include "stream/transport.h"

namespace sluice::stream {
namespace {

constexpr const char* kText = "text/plain; charset=utf-8";

Pushed pushed(const Result<HttpAnswer>& answer, const char* where_keys_are) {
  if (!answer) return {.error = answer.error()};
  if (answer->good()) return {};
  auto delivery = refused(*answer, where_keys_are);
  return {.error = std::move(delivery.error), .retry_after = delivery.retry_after};
}

class HttpAnchor : public AnchorTarget {
 public:
  HttpAnchor(std::string url, std::unique_ptr<HttpClient> client)
      : url_(std::move(url)), client_(std::move(client)) {}

  Pushed push(const SignedCheckpoint& checkpoint) override {
    return pushed(client_->post(url_, {{"Content-Type", kText}}, checkpoint.note),
                  "authorization_file");
  }

 private:
  std::string url_;
  std::unique_ptr<HttpClient> client_;
};

class S3Anchor : public AnchorTarget {
 public:
  S3Anchor(const config::AnchorConfig& config, std::unique_ptr<HttpClient> client)
      : url_(config.delivery.url),
        key_{config.region, config.access_key, config.secret_key},
        client_(std::move(client)) {}

  Pushed push(const SignedCheckpoint& checkpoint) override {
    return pushed(client_->put(object_url(url_, checkpoint.head), object_headers(checkpoint.note),
                               checkpoint.note, key_),
                  "access_key, secret_key_file and region");
  }

 private:
  std::string url_;
  http::AwsKey key_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace

std::string object_url(std::string url, const tlog::Checkpoint& head) {
  while (url.ends_with('/')) url.pop_back();
  return url + "/" + file_name(head);
}

std::map<std::string, std::string> object_headers(const std::string& body) {
  const auto digest = md5(body);
  const auto content = sha256(body);
  return {{"Content-Type", kText},
          {"Content-MD5", to_base64(Bytes(digest.data(), digest.size()))},
          {"x-amz-content-sha256", to_hex(Bytes(content.data(), content.size()))}};
}

Result<std::unique_ptr<AnchorTarget>> make_http_anchor(const config::AnchorConfig& config,
                                                       const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN(auto client, HttpClient::create(transport_options(config.delivery), stopping));
  return std::make_unique<HttpAnchor>(config.delivery.url, std::move(client));
}

Result<std::unique_ptr<AnchorTarget>> make_s3_anchor(const config::AnchorConfig& config,
                                                     const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN(auto client, HttpClient::create(transport_options(config.delivery), stopping));
  return std::make_unique<S3Anchor>(config, std::move(client));
}

}  // namespace sluice::stream
