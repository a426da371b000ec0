#include "stream/anchor_target.h"

#include "stream/folder_anchor.h"
#include "stream/http_anchor.h"
#include "stream/syslog_anchor.h"
#include "stream/witness_anchor.h"

namespace sluice::stream {

Result<SignedCheckpoint> SignedCheckpoint::parse(std::string note) {
  SLUICE_ASSIGN(const auto parsed, tlog::parse_note(note));
  SLUICE_ASSIGN(auto head, tlog::parse_checkpoint(parsed.text));
  return SignedCheckpoint{std::move(note), std::move(head)};
}

std::string file_name(const tlog::Checkpoint& head) {
  return std::to_string(head.size) + (head.closed ? ".closed.checkpoint" : ".checkpoint");
}

Result<std::unique_ptr<AnchorTarget>> make_anchor_target(const config::AnchorConfig& config,
                                                         const std::filesystem::path& audit,
                                                         const std::atomic<bool>& stopping) {
  switch (config.type) {
    case config::AnchorType::kFolder:
      return make_folder_anchor(config.path);
    case config::AnchorType::kHttp:
      return make_http_anchor(config, stopping);
    case config::AnchorType::kWitness:
      return make_witness_anchor(config, audit, stopping);
    case config::AnchorType::kS3:
      return make_s3_anchor(config, stopping);
    case config::AnchorType::kSyslog:
      return make_syslog_anchor(config, stopping);
  }
  return fail(ErrorCode::kInternal, "a type of anchor without a target");
}

}  // namespace sluice::stream
