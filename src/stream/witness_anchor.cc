#include "stream/witness_anchor.h"

#include <fmt/format.h>

#include "audit/tree_files.h"
#include "stream/transport.h"
#include "stream/witness_exchange.h"
#include "tlog/proof.h"
#include "tlog/witness.h"

namespace sluice::stream {
namespace {

std::string request_url(std::string prefix) {
  while (prefix.ends_with('/')) prefix.pop_back();
  return prefix + "/add-checkpoint";
}

class WitnessAnchor : public AnchorTarget {
 public:
  WitnessAnchor(const config::AnchorConfig& config, const std::filesystem::path& audit,
                std::unique_ptr<HttpClient> client)
      : url_(request_url(config.delivery.url)),
        key_(config.key),
        tree_(audit::tree_files(audit)),
        cosigned_(tree_.directory() / "cosigned" / config.name),
        client_(std::move(client)) {}

  Pushed push(const SignedCheckpoint& checkpoint) override {
    WitnessExchange exchange(checkpoint, key_, known_size(checkpoint.head.origin));
    for (;;) {
      const auto answer = ask(checkpoint, exchange.old_size());
      if (!answer) return {.error = answer.error()};
      auto step = exchange.take(answer->status, answer->body);
      switch (step.kind) {
        case WitnessStep::Kind::kAgain:
          break;
        case WitnessStep::Kind::kCosigned:
          return keep(step.text);
        case WitnessStep::Kind::kFailed:
          return {.error = Error{ErrorCode::kUnavailable, std::move(step.text)},
                  .retry_after = answer->retry_after};
        case WitnessStep::Kind::kRefused:
          return {.error = Error{ErrorCode::kDenied, std::move(step.text)}, .refused = true};
      }
    }
  }

 private:
  /// What was cosigned last, as far as is known here; the witness knows for certain.
  uint64_t known_size(const std::string& origin) const {
    auto note = audit::read_file(cosigned_);
    if (!note) return 0;
    const auto kept = SignedCheckpoint::parse(std::move(*note));
    return kept && kept->head.origin == origin ? kept->head.size : 0;
  }

  Result<HttpAnswer> ask(const SignedCheckpoint& checkpoint, uint64_t old_size) {
    tlog::AddCheckpoint request;
    request.old_size = old_size;
    request.checkpoint = checkpoint.note;
    auto proof = tlog::consistency_proof(old_size, checkpoint.head.size, tree_.reader());
    if (!proof) return fail(std::move(proof.error()).within("make the proof for the witness"));
    request.proof = std::move(*proof);
    return client_->post(url_, {{"Content-Type", "text/plain; charset=utf-8"}},
                         tlog::format_add_checkpoint(request));
  }

  Pushed keep(const std::string& note) const {
    std::error_code error;
    std::filesystem::create_directories(cosigned_.parent_path(), error);
    if (error) {
      return {.error = Error{
                  ErrorCode::kIo,
                  fmt::format("create {}: {}", cosigned_.parent_path().string(), error.message())}};
    }
    if (auto kept = audit::replace_file(cosigned_, note); !kept)
      return {.error = std::move(kept.error()).within("keep the cosigned checkpoint")};
    return {};
  }

  std::string url_;
  tlog::VerifierKey key_;
  audit::TreeFiles tree_;
  std::filesystem::path cosigned_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace

Result<std::unique_ptr<AnchorTarget>> make_witness_anchor(const config::AnchorConfig& config,
                                                          const std::filesystem::path& audit,
                                                          const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN(auto client, HttpClient::create(transport_options(config.delivery), stopping));
  return std::make_unique<WitnessAnchor>(config, audit, std::move(client));
}

}  // namespace sluice::stream
